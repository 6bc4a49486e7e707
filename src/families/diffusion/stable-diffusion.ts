import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { textEncoder, textSettings } from '../../nn/text-encoder.js';
import { captionCondition } from './conditions.js';
import { latentDiffusion, latentSettings } from './latents.js';

/**
 * Latent diffusion from text (Rombach et al. 2022, section 4.3.1): the U-Net looks at the tokens of the caption by
 * cross-attention. Its transformer is trained along, as in the paper; Stable Diffusion took CLIP's as it was.
 */

export const stableDiffusionSchema = z.strictObject({
  ...latentSettings,
  ...textSettings,
  guidance: z.number().min(0).default(2).describe('how much more of the caption than it finds, where nobody says'),
});

export const definition = defineImageModel({
  name: 'stable-diffusion',
  title: 'latent diffusion from text',
  source: 'Rombach et al. 2022, arXiv:2112.10752; Ho & Salimans 2022, arXiv:2207.12598',
  schema: stableDiffusionSchema,
  pixels: 'bytes',
  text: true,
  tiny: {
    side: 4,
    config: {
      ...{ channels: [4], blocks: 1, drawingSteps: 2, codec: { width: 4, codeSize: 2 } },
      ...{ textLayers: 1, textWidth: 8, textHeads: 2 },
    },
  },
  build: (config, data): ImageModel => {
    const condition = captionCondition(textEncoder(config, data.text));
    const { denoiser, ...model } = latentDiffusion(config, data, { classes: 0, condition });
    return { ...model, denoiser: { ...denoiser, sampler: 'dpm++', guidance: config.guidance } };
  },
});
