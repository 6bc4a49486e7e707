import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, type LossTensors, defineImageModel } from '../../nn/image-model.js';
import { linear, linearSpec, scaledNormal } from '../../nn/layers.js';
import { type TensorsOf, normal, parameter } from '../../nn/parameters.js';
import { gridPositions, patchesOf } from '../../nn/patches.js';
import { type Transformer, transformer } from '../../nn/transformer.js';
import {
  Draws,
  type Tensor,
  add,
  broadcastTo,
  cast,
  clip,
  concat,
  div,
  expandDims,
  gather,
  greaterEqual,
  iota,
  less,
  mean,
  mul,
  neg,
  reshape,
  sliceAxis,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  topK,
  variance,
  where,
} from '../../tensor/index.js';

/** The masked auto-encoder (He et al. 2022): an encoder that sees a quarter of the patches, a light decoder of the rest. */

export const maeSchema = z.strictObject({
  patch: z.int().positive().default(4).describe('side of a patch in pixels'),
  masked: z.number().min(0.05).max(0.95).default(0.75).describe('share of the patches that the encoder does not see'),
  layers: z.int().positive().default(4).describe('blocks of the encoder'),
  width: z.int().positive().multipleOf(4).default(128).describe("width of the encoder's residual stream"),
  heads: z.int().positive().default(4).describe('attention heads of a block, of encoder and decoder'),
  decoderLayers: z.int().positive().default(1).describe('blocks of the decoder'),
  decoderWidth: z.int().positive().multipleOf(4).default(64).describe("width of the decoder's residual stream"),
  normalised: z
    .boolean()
    .default(true)
    .describe('ask for the pixels of each patch less its mean and over its deviation, not for the pixels themselves'),
  pooling: z
    .enum(['mean', 'class'])
    .default('mean')
    .describe("features of an image: the mean of the encoder's tokens, or a token of their own"),
});

type MaeConfig = z.output<typeof maeSchema>;

const stackOf = (layers: number, width: number, heads: number): Transformer => {
  if (width % heads !== 0) throw new ConfigError(`model: a width of ${width} does not divide into ${heads} heads`);
  return transformer({
    layers,
    width,
    hiddenWidth: 4 * width,
    heads,
    keyValueHeads: heads,
    normalisation: 'layer',
    normPosition: 'pre',
    normEpsilon: 1e-6,
    activation: 'gelu',
    bias: true,
    initialisation: 1 / Math.sqrt(width),
  });
};

const parametersOf = (config: MaeConfig, patchSize: number, stacks: { encoder: Transformer; decoder: Transformer }) => {
  const { width, decoderWidth } = config;
  const part = ({ blocks, finalNorm }: Transformer) => ({ blocks, ...(finalNorm && { finalNorm }) });
  return {
    embed: linearSpec(patchSize, width, { init: scaledNormal(patchSize) }),
    ...(config.pooling === 'class' && { classToken: parameter([1, 1, width], { init: normal(0.02), decay: false }) }),
    encoder: part(stacks.encoder),
    toDecoder: linearSpec(width, decoderWidth, { init: scaledNormal(width) }),
    maskToken: parameter([1, decoderWidth], { init: normal(0.02), decay: false }),
    decoder: part(stacks.decoder),
    head: linearSpec(decoderWidth, patchSize, { init: scaledNormal(decoderWidth) }),
  };
};

/** Which patches an image keeps, at random: by sorting noise. */
interface Masking {
  /** int32 [B, visible]: the kept patches. */
  readonly kept: Tensor;
  /** int32 [B, T]: of each patch its place in the sorted order; those from `visible` on are masked. */
  readonly place: Tensor;
  /** float32 [B, T]: 1 where masked. */
  readonly mask: Tensor;
}

function maskingOf(noise: Tensor, visible: number): Masking {
  const count = noise.shape[1]!;
  const ascending = (x: Tensor): Tensor => topK(neg(x), count).indices;
  const order = ascending(noise);
  // Sorting a permutation inverts it.
  const place = ascending(cast(order, 'float32'));
  return {
    kept: sliceAxis(order, { axis: 1, limit: visible }),
    place,
    mask: cast(greaterEqual(place, visible), 'float32'),
  };
}

/** Mean and deviation of each patch, [B, T, 1]. */
const statisticsOf = (patches: Tensor): { centre: Tensor; deviation: Tensor } => ({
  centre: mean(patches, { axes: -1, keepDims: true }),
  deviation: sqrt(add(variance(patches, { axes: -1, keepDims: true, correction: 1 }), 1e-6)),
});

export const definition = defineImageModel({
  name: 'mae',
  title: 'masked auto-encoder',
  source: 'He et al. 2022, arXiv:2111.06377',
  schema: maeSchema,
  pixels: 'bytes',
  tiny: { config: { patch: 1 } },
  build: (config, data): ImageModel => {
    const { width, decoderWidth, heads } = config;
    const patches = patchesOf(data, config.patch);
    if (patches.count === 1) {
      throw new ConfigError(
        `model.patch: a side of ${config.patch} makes one patch of an image, and nothing to guess`,
        {
          advice: 'Take a smaller side, or larger images (--size).',
        },
      );
    }
    // At least one that is seen, and one that is not.
    const visible = Math.min(patches.count - 1, Math.max(1, Math.round(patches.count * (1 - config.masked))));
    const encoder = stackOf(config.layers, width, heads);
    const decoder = stackOf(config.decoderLayers, decoderWidth, heads);
    const parameters = parametersOf(config, patches.size, { encoder, decoder });
    type Parameters = TensorsOf<typeof parameters>;
    type Encoder = Pick<Parameters, 'embed' | 'classToken' | 'encoder'>;
    const positions = (size: number): Tensor => gridPositions(patches.rows, patches.columns, size);

    /** Patches [B, S, size] with their positions [S, width] or [B, S, width] → tokens, the class token first if any. */
    const encode = (p: Encoder, chosen: Tensor, at: Tensor): Tensor => {
      const tokens = add(linear(p.embed, chosen), at);
      const withClass = p.classToken
        ? concat([broadcastTo(p.classToken, [tokens.shape[0]!, 1, width]), tokens], 1)
        : tokens;
      return encoder.encode(p.encoder, withClass);
    };
    const withoutClass = (p: Encoder, tokens: Tensor): Tensor =>
      p.classToken ? sliceAxis(tokens, { axis: 1, start: 1 }) : tokens;

    /** Encodes the kept patches alone, and decodes all: [B, T, size]. */
    const predict = (p: Parameters, all: Tensor, { kept, place }: Masking): Tensor => {
      const batch = all.shape[0]!;
      // Rows of [B · T, …]: one gather, in place of one for each image.
      const first = expandDims(mul(iota([batch]), patches.count), 1);
      const chosen = gather(reshape(all, [batch * patches.count, patches.size]), add(kept, first));
      const tokens = withoutClass(p, encode(p, chosen, gather(positions(width), kept)));
      const rows = reshape(linear(p.toDecoder, tokens), [batch * visible, decoderWidth]);
      const row = add(place, expandDims(mul(iota([batch]), visible), 1));
      const filled = gather(concat([rows, p.maskToken], 0), where(less(place, visible), row, batch * visible));
      return linear(p.head, decoder.encode(p.decoder, add(filled, positions(decoderWidth))));
    };
    const masking = (batch: number, key: Tensor): Masking =>
      maskingOf(new Draws(key).uniform([batch, patches.count]), visible);

    return {
      parameters,
      losses: [
        {
          name: 'mae',
          loss: (p: Parameters, { images, key }): LossTensors => {
            const all = patches.of(centred(images, data.levels));
            const { centre, deviation } = statisticsOf(all);
            const target = config.normalised ? div(sub(all, centre), deviation) : all;
            const chosen = masking(images.shape[0]!, key);
            const errors = mean(square(sub(predict(p, all, chosen), target)), { axes: -1 });
            const masked = images.shape[0]! * (patches.count - visible);
            return { loss: mul(sum(mul(errors, chosen.mask)), 1 / masked) };
          },
        },
      ],
      features: {
        size: width,
        of: (p: Parameters, { images }) => {
          const tokens = encode(p, patches.of(centred(images, data.levels)), positions(width));
          return p.classToken ? squeeze(sliceAxis(tokens, { axis: 1, limit: 1 }), 1) : mean(tokens, { axes: 1 });
        },
      },
      parts: {
        count: patches.count,
        size: width,
        parameters: {
          embed: parameters.embed,
          ...(parameters.classToken && { classToken: parameters.classToken }),
          encoder: parameters.encoder,
        },
        of: (p: Encoder, { images }) =>
          withoutClass(p, encode(p, patches.of(centred(images, data.levels)), positions(width))),
      },
      restorer: {
        // What was asked for without mean and deviation is shown with those of the original, as in the paper's figures.
        restore: (p: Parameters, { images, key }) => {
          const all = patches.of(centred(images, data.levels));
          const chosen = masking(images.shape[0]!, key);
          const { centre, deviation } = statisticsOf(all);
          const predicted = predict(p, all, chosen);
          const pixels = config.normalised ? add(mul(predicted, deviation), centre) : predicted;
          const isMasked = less(0.5, expandDims(chosen.mask, 2));
          const toImages = (x: Tensor): Tensor => mul(add(clip(patches.toImages(x), -1, 1), 1), (data.levels - 1) / 2);
          return {
            seen: toImages(where(isMasked, 0, all)),
            restored: toImages(where(isMasked, pixels, all)),
          };
        },
      },
    };
  },
});
