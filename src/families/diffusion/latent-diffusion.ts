import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { requireClasses } from './conditions.js';
import { latentDiffusion, latentSettings } from './latents.js';

/** Latent diffusion (Rombach et al. 2022), of any image or of a class. */

export const latentDiffusionSchema = z.strictObject({
  ...latentSettings,
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
});

export const definition = defineImageModel({
  name: 'latent-diffusion',
  title: 'diffusion over the codes of an auto-encoder',
  source: 'Rombach et al. 2022, arXiv:2112.10752',
  schema: latentDiffusionSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { channels: [4], blocks: 1, drawingSteps: 2, codec: { width: 4, codeSize: 2 } } },
  build: (config, data): ImageModel => {
    const { conditional } = config;
    requireClasses(conditional, data.classes);
    return { ...latentDiffusion(config, data, { classes: conditional ? data.classes : 0 }), conditional };
  },
});
