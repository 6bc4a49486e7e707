import { z } from 'zod';
import { defineImageModel } from '../../nn/image-model.js';
import { convolutionalGame, convolutionalSettings } from './convolutional-game.js';
import { objectives } from './objectives.js';

/** The deep convolutional GAN (Radford et al. 2016), by default told nothing of classes. */

export const dcganSchema = z.strictObject({
  // Of equal rates, the discriminator of small networks wins at once.
  ...convolutionalSettings(1, 0.2),
  batchNorm: z
    .enum(['both', 'generator', 'none'])
    .default('both')
    .describe(
      'which networks normalise by the batch. Samples are drawn with running averages, so that none depends on those drawn beside it',
    ),
});

export const definition = defineImageModel({
  name: 'dcgan',
  title: 'deep convolutional GAN',
  source: 'Radford et al. 2016, arXiv:1511.06434',
  schema: dcganSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { latents: 3, width: 2 } },
  build: ({ batchNorm, ...config }, data) =>
    convolutionalGame(config, data, {
      objective: objectives['non-saturating'],
      // Momentum of 0.9 makes the two chase each other; β₂ is Adam's own (the paper, section 4).
      optimizer: { beta1: 0.5, beta2: 0.999 },
      normalised: { generator: batchNorm !== 'none', discriminator: batchNorm === 'both' },
    }),
});
