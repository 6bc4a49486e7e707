import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { batchMoments } from '../../nn/batch-norm.js';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, type ImageTensors, defineImageModel } from '../../nn/image-model.js';
import { convolutionSpec, convolve } from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import {
  type Tensor,
  abs,
  add,
  avgPool,
  leakyRelu,
  mean,
  mul,
  relu,
  reshape,
  resize,
  round,
  stopGradient,
  sub,
  transpose,
} from '../../tensor/index.js';
import { summed } from './figures.js';
import { gameHealth, gameLosses, isPartOf, ratesSetting, toPixels } from './game.js';
import { convolutionalDiscriminator } from './networks.js';
import { objectives } from './objectives.js';

/**
 * Images enlarged by a game (Ledig et al. 2017, SRGAN): the generator first learns the pixels, then also what the
 * discriminator cannot tell from large images. What the features of another network are to the paper, those of the
 * discriminator are here (Wang et al. 2018, section 3.2): no second data set is needed.
 */

export const superResolutionGanSchema = z.strictObject({
  factor: z.int().min(2).default(4).describe('side of the large image over that of the small one'),
  width: z.int().positive().default(48).describe('channels of the generator, at the scale of the small image'),
  blocks: z.int().min(0).default(6).describe("the generator's residual blocks"),
  fine: z.int().positive().default(12).describe("the generator's channels at the scale of the large image"),
  discriminatorWidth: z.int().positive().default(24).describe("channels of the discriminator's first layer"),
  halvings: z.int().positive().default(2).describe("the discriminator's layers, each of stride 2"),
  pixels: z.number().min(0).default(1).describe('weight of the mean distance of pixels, which are in [−1, 1]'),
  features: z.number().min(0).default(0.2).describe("weight of the mean distance of the discriminator's features"),
  game: z.number().min(0).default(0.02).describe("weight of the generator's part of the game"),
  pretraining: z.number().min(0).max(1).default(0.3).describe('share of the run that is of pixels alone'),
  rates: ratesSetting(1, 0.2),
});

export const definition = defineImageModel({
  name: 'super-resolution-gan',
  title: 'images enlarged by a generative adversarial network',
  source: 'Ledig et al. 2017, arXiv:1609.04802',
  schema: superResolutionGanSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { factor: 2, width: 4, blocks: 1, fine: 2, discriminatorWidth: 2, halvings: 1 } },
  build: (config, data): ImageModel => {
    const { factor, width, fine } = config;
    const { channels, height, width: columns, levels } = data;
    if (height % factor !== 0 || columns % factor !== 0) {
      throw new ConfigError(`model.factor: ${factor} does not divide ${height} x ${columns} pixels`, {
        advice: 'Give images of another size (--size), or another factor.',
      });
    }
    const sides = [height, columns] as const;
    const gain = Math.SQRT2;
    const discriminator = convolutionalDiscriminator(
      { width: config.discriminatorWidth, halvings: config.halvings, classes: 0, condition: 'none', normalised: false },
      data,
    );
    const parameters = {
      generator: {
        first: convolutionSpec(channels, width, { gain }),
        blocks: Array.from({ length: config.blocks }, () => ({
          first: convolutionSpec(width, width, { gain }),
          // Blocks begin near the identity.
          second: convolutionSpec(width, width, { init: normal(0.01) }),
        })),
        spread: convolutionSpec(width, fine * factor ** 2, { gain }),
        out: convolutionSpec(fine, channels, { init: normal(0.01) }),
      },
      discriminator: discriminator.parameters,
    };
    type Parameters = TensorsOf<typeof parameters>;

    const reduce = (images: Tensor): Tensor => round(avgPool(images, factor, { stride: factor }));
    /** Small images [B, C, h, w] in [−1, 1] → large ones: what is missing of those enlarged plainly. */
    const enlarge = ({ generator: p }: Parameters, small: Tensor): Tensor => {
      const block = (h: Tensor, { first, second }: (typeof p.blocks)[number]): Tensor =>
        add(h, convolve(second, relu(convolve(first, h))));
      const h = p.blocks.reduce(block, relu(convolve(p.first, small)));
      const spread = leakyRelu(blocksOfPixels(convolve(p.spread, relu(h)), factor), 0.2);
      return add(resize(small, sides, 'bilinear'), convolve(p.out, spread));
    };
    const make = (p: Parameters, { images }: Pick<ImageTensors, 'images'>): Tensor =>
      enlarge(p, centred(reduce(images), levels));
    const distance = (real: Tensor, made: Tensor): Tensor => mean(abs(sub(real, made)));

    const objective = objectives['non-saturating'];
    return {
      parameters,
      losses: [
        {
          name: 'pretraining',
          during: [0, config.pretraining],
          trainable: isPartOf('generator'),
          loss: (p: Parameters, { images }: ImageTensors) => ({
            loss: distance(centred(images, levels), make(p, { images })),
          }),
        },
        ...gameLosses<Parameters>({
          data,
          objective,
          optimizer: { beta1: 0.9, beta2: 0.999 },
          rates: config.rates,
          during: [config.pretraining, 1],
          make,
          judge: (p, images, labels) => discriminator.outputs(p.discriminator, images, labels, batchMoments),
          fidelity: {
            weight: config.game,
            loss: (p, { real, made }) => {
              const [wanted, found] = [real, made].map((images) =>
                discriminator.activations(p.discriminator, images, images, batchMoments),
              );
              const distances = found!.map((each, layer) => distance(stopGradient(wanted![layer]!), each));
              const [pixels, features] = [distance(real, made), mul(summed(distances), 1 / distances.length)];
              return {
                loss: add(mul(pixels, config.pixels), mul(features, config.features)),
                metrics: { pixels, features },
              };
            },
          },
        }),
      ],
      ...gameHealth({ objective }),
      upscaler: {
        factor,
        reduce,
        inOneGo: {
          noise: {},
          enlarge: (p: Parameters, { small }) => round(toPixels(enlarge(p, centred(small, levels)), levels)),
        },
      },
    };
  },
});

/** [B, C · factor², h, w] → [B, C, factor · h, factor · w]: channels become blocks of pixels (Shi et al. 2016). */
function blocksOfPixels(x: Tensor, factor: number): Tensor {
  const [count, channels, height, width] = x.shape as [number, number, number, number];
  const each = channels / factor ** 2;
  const parts = transpose(reshape(x, [count, each, factor, factor, height, width]), [0, 1, 4, 2, 5, 3]);
  return reshape(parts, [count, each, factor * height, factor * width]);
}
