import { z } from 'zod';
import { nearest } from '../../nn/clusters.js';
import { centred, perRow } from '../../nn/distributions.js';
import { type ImageModel, type ImageTensors, type LossTensors, defineImageModel } from '../../nn/image-model.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { gatedPixelCnn } from '../../nn/raster/gated-pixel-cnn.js';
import { type RasterContext, imagesOfValues } from '../../nn/raster/raster.js';
import {
  Draws,
  type Tensor,
  add,
  expandDims,
  gather,
  mean,
  mul,
  neg,
  oneHot,
  reshape,
  square,
  stopGradient,
  sub,
  transpose,
} from '../../tensor/index.js';
import {
  type CodebookParameters,
  codebookSpec,
  entriesOf,
  perplexity,
  startCodebook,
  updateCodebook,
} from './codebook.js';
import { likelihoodOf } from '../../nn/likelihood.js';
import { gridNetworks } from '../../nn/grid-networks.js';

/**
 * The vector-quantised auto-encoder (van den Oord et al. 2017): an image as a grid of codes, a gated PixelCNN over the
 * codes. The first half of training is the auto-encoder's, the second the prior's.
 */

export const vqVaeSchema = z.strictObject({
  width: z.int().positive().default(32).describe('channels of the first convolution; twice as many on the grid'),
  blocks: z.int().positive().default(1).describe('residual blocks of encoder and decoder'),
  codes: z.int().min(2).default(128).describe('entries of the codebook'),
  codeSize: z.int().positive().default(16).describe('numbers of an entry'),
  commitment: z.number().min(0).default(0.25).describe('weight of the distance of the encoder from its entry'),
  decay: z.number().min(0).lt(1).default(0.99).describe('share that a step keeps of the averages that entries are'),
  restartBelow: z
    .number()
    .min(0)
    .lt(1)
    .default(0.03)
    .describe('an entry used less often than this share of even use begins again at a vector of the batch; 0: never'),
  prior: z
    .strictObject({
      width: z.int().positive().default(48).describe('channels of each of the two stacks'),
      layers: z.int().positive().default(5).describe('gated layers'),
      hidden: z.int().positive().default(128).describe('units of the layer before the logits'),
      conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
    })
    .prefault({}),
});

/** Share of the run after which the auto-encoder stays as it is and the prior learns its codes. */
const half = 0.5;

export const definition = defineImageModel({
  name: 'vq-vae',
  title: 'vector-quantised auto-encoder with a PixelCNN prior',
  source: 'van den Oord et al. 2017, Neural Discrete Representation Learning, arXiv:1711.00937',
  schema: vqVaeSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { width: 4, codes: 3, codeSize: 2, prior: { width: 4, layers: 1, hidden: 4 } } },
  build: (config, data): ImageModel => {
    const { codes, codeSize, commitment } = config;
    const { conditional, ...priorSizes } = config.prior;
    const { levels, classes } = data;
    const net = gridNetworks(config, data);
    const grid = { channels: 1, ...net.grid, levels: codes };
    // Of the pixels around what the decoder says.
    const likelihood = likelihoodOf({ likelihood: 'auto' }, levels, data.channels);
    const { logScale } = likelihood.parameters;
    const prior = gatedPixelCnn(
      { ...priorSizes, kernel: 5, embedding: codeSize, conditionSize: conditional ? classes : 0 },
      grid,
    );
    const parameters = {
      networks: net.parameters,
      ...(logScale && { logScale }),
      codebook: codebookSpec(codes, codeSize),
      prior: prior.parameters,
    };
    type Parameters = TensorsOf<typeof parameters>;
    const belongsTo = (part: string) => (path: string) => path.startsWith(`${part}.`);

    const encode = (p: Parameters, images: Tensor): Tensor => net.encode(p.networks, centred(images, levels));
    /** [B, codeSize, h, w] ↔ [B · h · w, codeSize] */
    const vectorsOf = (x: Tensor): Tensor => reshape(transpose(x, [0, 2, 3, 1]), [-1, codeSize]);
    const gridOf = (vectors: Tensor): Tensor =>
      transpose(reshape(vectors, [-1, grid.height, grid.width, codeSize]), [0, 3, 1, 2]);
    /** Of vectors [N, codeSize] their codes int32 [N]. */
    const codesOf = (p: { codebook: CodebookParameters }, vectors: Tensor): Tensor =>
      nearest(vectors, entriesOf(p.codebook));
    const entriesAt = (p: Parameters, indices: Tensor): Tensor => gather(entriesOf(p.codebook), indices);
    /** Codes of images, in the order of reading: int32 [B, h · w]. */
    const valuesOf = (p: Parameters, images: Tensor): Tensor =>
      reshape(codesOf(p, vectorsOf(encode(p, images))), [images.shape[0]!, -1]);

    /** log p(x | what the decoder says), nats: [B]. */
    const pixelLogProb = (p: Parameters, { images, key }: ImageTensors, output: Tensor): Tensor =>
      perRow(
        likelihood.logProb(p.logScale ? { logScale: p.logScale } : {}, images, expandDims(output, 1), new Draws(key)),
      );

    /** Entries [B, codeSize, h, w] of codes int32 [B, h · w]. */
    const entriesOfValues = (p: Parameters, values: Tensor): Tensor => gridOf(entriesAt(p, reshape(values, [-1])));
    /** Vectors [B, codeSize, h, w] → the mean of each pixel. */
    const decode = (p: Parameters, vectors: Tensor): Tensor =>
      likelihood.mean(expandDims(net.decode(p.networks, vectors), 1));
    const contextOf = (labels: Tensor): RasterContext => (conditional ? { condition: oneHot(labels, classes) } : {});
    const priorLogProb = (p: Parameters, values: Tensor, labels: Tensor): Tensor =>
      prior.logProb(p.prior, imagesOfValues(values, grid), contextOf(labels));

    return {
      parameters,
      conditional,
      losses: [
        {
          name: 'first codebook',
          assigns: true,
          during: 'first',
          trainable: belongsTo('codebook'),
          loss: (p: Parameters, { images, key }) => ({
            loss: startCodebook(p.codebook, vectorsOf(encode(p, images)), key),
          }),
        },
        {
          name: 'vq-vae',
          during: [0, half],
          trainable: (path) => !belongsTo('codebook')(path) && !belongsTo('prior')(path),
          loss: (p: Parameters, batch): LossTensors => {
            const encoded = encode(p, batch.images);
            const vectors = vectorsOf(encoded);
            const members = codesOf(p, vectors);
            const entries = stopGradient(gridOf(entriesAt(p, members)));
            // The decoder's gradient reaches the encoder as if there were no quantisation between them.
            const straight = add(encoded, stopGradient(sub(entries, encoded)));
            const pixels = mean(pixelLogProb(p, batch, net.decode(p.networks, straight)));
            const distance = mean(perRow(square(sub(encoded, entries))));
            return {
              loss: sub(mul(distance, commitment), pixels),
              metrics: { reconstruction: neg(pixels), distance, perplexity: perplexity(members, codes) },
            };
          },
        },
        {
          name: 'codebook',
          assigns: true,
          during: [0, half],
          trainable: belongsTo('codebook'),
          loss: (p: Parameters, { images, key }): LossTensors => {
            const { loss, restarted } = updateCodebook(p.codebook, vectorsOf(encode(p, images)), key, config);
            return { loss, metrics: { restarted } };
          },
        },
        {
          name: 'prior',
          during: [half, 1],
          trainable: belongsTo('prior'),
          loss: (p: Parameters, { images, labels }): LossTensors => ({
            loss: neg(mean(priorLogProb(p, valuesOf(p, images), labels))),
          }),
        },
      ],
      density: {
        // log Σ p(x | codes) p(codes) is at least its term of the image's own codes.
        kind: 'lower-bound',
        logProb: (p: Parameters, batch) => {
          const values = valuesOf(p, batch.images);
          const output = net.decode(p.networks, entriesOfValues(p, values));
          return add(pixelLogProb(p, batch, output), priorLogProb(p, values, batch.labels));
        },
      },
      sequential: {
        ...prior.sequential({
          at: (p: Parameters) => p.prior,
          ...(conditional && { condition: (_: Parameters, labels: Tensor) => oneHot(labels, classes) }),
        }),
        toValues: valuesOf,
        toImages: (p: Parameters, values) => decode(p, entriesOfValues(p, values)),
      },
      codec: {
        // Entries, not their numbers: between two entries lies a vector, between two numbers any entry at all.
        encode: (p: Parameters, { images }) => entriesOfValues(p, valuesOf(p, images)),
        decode,
      },
    };
  },
});
