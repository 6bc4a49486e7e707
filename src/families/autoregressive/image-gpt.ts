import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { assignmentLoss } from '../../nn/assignment.js';
import { kMeans, nearest } from '../../nn/clusters.js';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, type Sequential, defineImageModel } from '../../nn/image-model.js';
import { type TensorsOf, parameter } from '../../nn/parameters.js';
import { patchesOf } from '../../nn/patches.js';
import {
  type Tensor,
  add,
  broadcastTo,
  clip,
  concat,
  crossEntropy,
  equal,
  expandDims,
  full,
  gather,
  mean,
  mul,
  neg,
  reshape,
  sliceAxis,
  sum,
  where,
} from '../../tensor/index.js';
import { type GptCache, gpt } from './gpt.js';

/**
 * Image GPT (Chen et al. 2020): an image as a sequence of tokens for the language model of `gpt.ts`. A token is an entry
 * of a palette that k-means finds in the first batch and that stays fixed. The paper's palette is of colours, one token
 * a pixel; entries may also be small patches, which makes sequences short enough for a CPU.
 */

export const imageGptSchema = z.strictObject({
  patch: z.int().positive().default(1).describe('side of what one token stands for, in pixels; 1 is the paper'),
  palette: z.int().min(2).default(512).describe('entries of the palette'),
  layers: z.int().positive().default(4).describe('transformer blocks'),
  heads: z.int().positive().default(4).describe('attention heads of a block'),
  width: z.int().positive().default(128).describe('width of the residual stream'),
  dropout: z.number().min(0).max(0.99).default(0).describe('probability of zeroing an activation while training'),
  conditional: z.boolean().default(false).describe("the sequence starts with the image's class"),
  featureLayer: z
    .int()
    .positive()
    .optional()
    .describe('block after which features are read, averaged over the sequence; default: the middle one'),
});

/** Points that the palette is found from, at most. */
const mostPoints = 16_384;

export const definition = defineImageModel({
  name: 'image-gpt',
  title: 'image GPT',
  source: 'Chen et al. 2020, Generative Pretraining from Pixels',
  schema: imageGptSchema,
  pixels: 'bytes',
  tiny: { config: { palette: 2, layers: 2, heads: 2, width: 8 } },
  build: (config, data): ImageModel => {
    const { palette: entries, layers, heads, width, conditional } = config;
    const featureLayer = config.featureLayer ?? Math.ceil(layers / 2);
    if (featureLayer > layers)
      throw new ConfigError(`model.featureLayer: there is no block ${featureLayer} of ${layers}`);
    if (conditional && data.classes === 0)
      throw new ConfigError('model.conditional: these images have no labels', { advice: 'Leave conditional off.' });
    const patches = patchesOf(data, config.patch);
    const length = patches.count;
    const starts = conditional ? data.classes : 1;
    const model = gpt({
      vocabularySize: entries + starts,
      contextLength: length,
      layers,
      heads,
      width,
      dropout: config.dropout,
    });
    const parameters = { palette: parameter([entries, patches.size], { decay: false }), gpt: model.parameters };
    type Parameters = TensorsOf<typeof parameters>;
    const isPalette = (path: string): boolean => path === 'palette';

    /** [B · T, size] */
    const points = (images: Tensor): Tensor =>
      reshape(patches.of(centred(images, data.levels)), [images.shape[0]! * length, patches.size]);
    const tokensOf = (p: Parameters, images: Tensor): Tensor =>
      reshape(nearest(points(images), p.palette), [images.shape[0]!, length]);
    /** int32 [B]: what a sequence starts with. */
    const startOf = (labels: Tensor): Tensor =>
      conditional ? add(labels, entries) : full(labels.shape, entries, 'int32');
    const inputsOf = (tokens: Tensor, labels: Tensor): Tensor =>
      concat([expandDims(startOf(labels), 1), sliceAxis(tokens, { axis: 1, limit: length - 1 })], 1);
    /** Hidden states → logits over the palette: what starts a sequence never comes inside one. */
    const logitsOf = (p: Parameters, hidden: Tensor): Tensor =>
      sliceAxis(model.head(p.gpt, hidden), { axis: -1, limit: entries });
    /** −log p of each token, [B, T]. */
    const costs = (p: Parameters, images: Tensor, labels: Tensor, dropoutKey?: Tensor): Tensor => {
      const tokens = tokensOf(p, images);
      const hidden = model.hidden(p.gpt, inputsOf(tokens, labels), { ...(dropoutKey && { dropoutKey }) });
      return crossEntropy(logitsOf(p, hidden), tokens);
    };

    const cacheShape = [heads, length, width / heads] as const;
    const sequential: Sequential = {
      length,
      rowLength: patches.columns,
      levels: entries,
      state: Object.fromEntries(
        Array.from({ length: layers }, (_, layer) => [`key${layer}`, `value${layer}`])
          .flat()
          .map((name) => [name, cacheShape]),
      ),
      next: (p: Parameters, { state, index, labels, previous }) => {
        const batch = previous.shape[0]!;
        const token = where(equal(index, 0), startOf(labels), previous);
        const cache: GptCache = Array.from({ length: layers }, (_, layer) => ({
          key: state[`key${layer}`]!,
          value: state[`value${layer}`]!,
        }));
        const decoded = model.decode(p.gpt, expandDims(token, 1), {
          positions: broadcastTo(expandDims(index, 1), [batch, 1]),
          lengths: broadcastTo(add(index, 1), [batch]),
          cache,
        });
        return {
          logits: logitsOf(p, reshape(decoded.hidden, [batch, width])),
          state: Object.fromEntries(
            decoded.cache.flatMap(({ key, value }, layer) => [
              [`key${layer}`, key],
              [`value${layer}`, value],
            ]),
          ),
        };
      },
      toValues: tokensOf,
      toImages: (p: Parameters, values) => {
        const pixels = patches.toImages(gather(p.palette, values));
        return mul(add(clip(pixels, -1, 1), 1), (data.levels - 1) / 2);
      },
    };

    // Binary pixels are their own palette; of any other image the tokens are a likeness.
    const isWhole = config.patch === 1 && data.levels === 2;
    return {
      parameters,
      conditional,
      losses: [
        {
          name: 'palette',
          assigns: true,
          during: 'first',
          trainable: isPalette,
          loss: (p: Parameters, { images, key }) => {
            const all = points(images);
            const stride = Math.ceil(all.shape[0]! / mostPoints);
            const some = stride === 1 ? all : sliceAxis(all, { axis: 0, stride });
            return { loss: assignmentLoss([{ parameter: p.palette, value: kMeans(some, entries, { key }) }]) };
          },
        },
        {
          name: 'image-gpt',
          trainable: (path) => !isPalette(path),
          loss: (p: Parameters, { images, labels, key }) => {
            const perToken = mean(costs(p, images, labels, key));
            return { loss: perToken, metrics: { natsPerImage: mul(perToken, length) } };
          },
        },
      ],
      density: {
        // Of more entries than there are values, some are alike, and what lies on those never drawn is lost.
        kind: isWhole && entries > data.levels ? 'lower-bound' : 'exact',
        ...(!isWhole && { of: `tokens of a palette of ${entries}, each ${config.patch} x ${config.patch} pixels` }),
        logProb: (p: Parameters, { images, labels }) => neg(sum(costs(p, images, labels), { axes: 1 })),
      },
      sequential,
      // A sequence that starts with the class would give it away.
      ...(!conditional && {
        features: {
          size: width,
          of: (p: Parameters, { images, labels }) => {
            const inputs = inputsOf(tokensOf(p, images), labels);
            return mean(model.hidden(p.gpt, inputs, { blocks: featureLayer }), { axes: 1 });
          },
        },
      }),
    };
  },
});
