import { z } from 'zod';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, type LossTensors, defineImageModel } from '../../nn/image-model.js';
import { requireClasses } from './conditions.js';
import type { DiffusionParameters } from './diffusion.js';
import { karrasDiffusion, karrasSettings } from './karras.js';
import { ofPixels } from './pixels.js';

/** The design of Karras et al. 2022: preconditioned, trained on any amount of noise, drawn in few steps of second order. */

export const edmSchema = z.strictObject({
  ...karrasSettings,
  deviation: z.number().positive().default(0.5).describe('standard deviation of the pixels, which go from −1 to 1'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
  drawingSteps: z.int().positive().default(18).describe('steps to draw in where nobody says how many'),
});

export const definition = defineImageModel({
  name: 'edm',
  title: 'diffusion as elucidated',
  source: 'Karras et al. 2022, arXiv:2206.00364',
  schema: edmSchema,
  pixels: 'bytes',
  tiny: { config: { channels: [4], attention: [0], drawingSteps: 3 } },
  build: (config, data): ImageModel => {
    const { conditional, deviation } = config;
    requireClasses(conditional, data.classes);
    const pixels = ofPixels(data);
    const model = karrasDiffusion(config, { ...pixels, classes: conditional ? data.classes : 0, deviation });
    type Parameters = DiffusionParameters;
    return {
      parameters: model.parameters,
      conditional,
      losses: [
        {
          name: 'edm',
          loss: (p: Parameters, { images, labels, key }): LossTensors => ({
            loss: model.loss(p, { clean: centred(images, data.levels), labels, key }),
          }),
        },
      ],
      denoiser: {
        ...pixels,
        sigmas: model.sigmas,
        steps: config.drawingSteps,
        sampler: 'heun',
        conditions: conditional ? ['class'] : [],
        denoise: (p: Parameters, noisy) => model.denoise(p, noisy),
      },
    };
  },
});
