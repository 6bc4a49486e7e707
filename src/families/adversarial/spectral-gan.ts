import { z } from 'zod';
import { defineImageModel } from '../../nn/image-model.js';
import { convolutionalGame, convolutionalSettings } from './convolutional-game.js';
import { objectives } from './objectives.js';

/** Spectral normalisation (Miyato et al. 2018): a discriminator of bounded slope, and the hinge loss. */

export const spectralGanSchema = z.strictObject({
  ...convolutionalSettings(1, 0.2),
  discriminatorSteps: z.int().positive().default(1).describe("the discriminator's steps for each of the generator's"),
  batchNorm: z.boolean().default(true).describe('the generator normalises by the batch'),
});

export const definition = defineImageModel({
  name: 'spectral-gan',
  title: 'GAN with spectral normalisation and the hinge loss',
  source: 'Miyato et al. 2018, arXiv:1802.05957',
  schema: spectralGanSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { latents: 3, width: 2 } },
  build: ({ discriminatorSteps, batchNorm, ...config }, data) =>
    convolutionalGame(config, data, {
      objective: objectives.hinge,
      optimizer: { beta1: 0.5, beta2: 0.999 },
      normalised: { generator: batchNorm, discriminator: false },
      discriminatorSteps,
      spectral: true,
      slope: 0.1,
    }),
});
