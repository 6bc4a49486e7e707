import { z } from 'zod';
import { defineImageModel } from '../../nn/image-model.js';
import { mul } from '../../tensor/index.js';
import { convolutionalGame, convolutionalSettings } from './convolutional-game.js';
import { objectives } from './objectives.js';
import { gradientPenalty } from './penalties.js';

/**
 * The Wasserstein GAN with a gradient penalty (Gulrajani et al. 2017): a critic whose slope is held near 1 estimates a
 * distance between made and real images, and takes several steps for each of the generator's.
 */

export const wganGpSchema = z.strictObject({
  ...convolutionalSettings(1, 0.5),
  criticSteps: z.int().positive().default(5).describe("the critic's steps for each of the generator's"),
  penalty: z.number().min(0).default(10).describe("weight of the gradient's distance from length 1"),
  batchNorm: z
    .boolean()
    .default(true)
    .describe('the generator normalises by the batch; the critic cannot, as its penalty is of each image'),
});

export const definition = defineImageModel({
  name: 'wgan-gp',
  title: 'Wasserstein GAN with gradient penalty',
  source: 'Gulrajani et al. 2017, arXiv:1704.00028',
  schema: wganGpSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { latents: 3, width: 2 } },
  build: ({ criticSteps, penalty, batchNorm, ...config }, data) =>
    convolutionalGame(config, data, {
      objective: objectives.wasserstein,
      optimizer: { beta1: 0, beta2: 0.9 },
      normalised: { generator: batchNorm, discriminator: false },
      discriminatorSteps: criticSteps,
      penalty: ({ real, made, labels, draws }, judge) => {
        const share = draws.uniform([labels.size, 1, 1, 1]);
        const { loss, slope } = gradientPenalty((images) => judge(images, labels), { real, made, share });
        return { loss: mul(loss, penalty), metrics: { slope } };
      },
    }),
});
