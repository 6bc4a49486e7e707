import { z } from 'zod';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, type ImageTensors, type LossTensors, defineImageModel } from '../../nn/image-model.js';
import { type Tensor, add, clip, concat, mean, mul, neg, ones, reshape, stopGradient } from '../../tensor/index.js';
import { requireClasses } from './conditions.js';
import { type DiffusionParameters, diffusion, diffusionSettings, drawsOf } from './diffusion.js';
import { ofPixels } from './pixels.js';
import { predictions } from './preconditioning.js';
import { noiseSchedule, respaced, scheduleNames } from './schedules.js';
import { atSteps, drawSteps } from './steps.js';
import { uNetSettings } from './u-net.js';
import { startDivergence, stepDivergence, stepTables } from './variational.js';

/** Denoising diffusion (Ho et al. 2020), improved (Nichol & Dhariwal 2021). */

export const ddpmSchema = z.strictObject({
  ...uNetSettings,
  steps: z.int().positive().default(1000).describe('steps from an image to noise'),
  schedule: z.enum(scheduleNames).default('cosine').describe('how noise grows over the steps'),
  prediction: z.enum(predictions).default('noise').describe('what the network is asked for'),
  ...diffusionSettings,
  variance: z
    .enum(['small', 'large', 'learned'])
    .default('small')
    .describe('of a step back: the least or the most it can be, or learned in between'),
  boundWeight: z
    .number()
    .min(0)
    .default(0.001)
    .describe('share of the bound in the loss, from which alone a variance is learned'),
  boundTerms: z
    .int()
    .positive()
    .default(1)
    .describe('steps of each image that its likelihood is measured at; as many as there are steps: without chance'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
  drawingSteps: z.int().positive().default(50).describe('steps to draw in where nobody says how many'),
});

const spreads = { small: 0, large: 1, learned: undefined };

export const definition = defineImageModel({
  name: 'ddpm',
  title: 'denoising diffusion',
  source: 'Ho et al. 2020, arXiv:2006.11239; Nichol & Dhariwal 2021, arXiv:2102.09672',
  schema: ddpmSchema,
  pixels: 'bytes',
  tiny: {
    side: 1,
    config: {
      channels: [4],
      attention: [0],
      steps: 2,
      drawingSteps: 2,
      prediction: 'velocity',
      variance: 'learned',
      boundTerms: 2,
    },
  },
  build: (config, data): ImageModel => {
    const { channels, height, width, levels } = data;
    const { conditional, prediction, variance } = config;
    requireClasses(conditional, data.classes);
    const sigmas = noiseSchedule(config.schedule, config.steps);
    const tables = stepTables(sigmas);
    const model = diffusion({
      shape: [channels, height, width],
      network: config,
      prediction,
      settings: config,
      classes: conditional ? data.classes : 0,
      learnsVariance: variance === 'learned',
    });
    type Parameters = DiffusionParameters;
    const numbers = channels * height * width;

    /** At random steps of each image: what the model makes of it, and what these steps add to −log p. */
    const atSomeSteps = (p: Parameters, { images: given, labels, key }: ImageTensors, copies?: number) => {
      const draws = drawsOf(key);
      const steps = drawSteps(draws, given.shape[0]!, sigmas.length, copies);
      const repeated = (x: Tensor): Tensor => concat(Array.from({ length: copies ?? 1 }, () => x));
      const images = repeated(given);
      const clean = centred(images, levels);
      const sigma = atSteps(sigmas, steps);
      const isTraining = copies === undefined;
      const learned = model.learn(p, { clean, sigma, draws, labels: repeated(labels), ...(isTraining && { key }) });
      const divergence = (denoised: Tensor): Tensor =>
        stepDivergence({
          ...{ tables, steps, images, clean, levels },
          denoised: clip(denoised, -1, 1),
          spread: spreads[variance] ?? learned.spread!,
        });
      return { learned, divergence };
    };

    return {
      parameters: model.parameters,
      conditional,
      losses: [
        {
          name: 'ddpm',
          loss: (p: Parameters, batch): LossTensors => {
            const { learned, divergence } = atSomeSteps(p, batch);
            const error = mean(learned.error);
            if (variance !== 'learned') return { loss: error };
            // The bound moves the variance alone: for the mean its gradient is noisier than the simple loss.
            const bound = mul(mean(divergence(stopGradient(learned.clean))), sigmas.length / numbers);
            return { loss: add(error, mul(bound, config.boundWeight)), metrics: { error, bound } };
          },
        },
      ],
      density: {
        kind: 'lower-bound',
        logProb: (p: Parameters, batch) => {
          const copies = Math.min(config.boundTerms, sigmas.length);
          const { learned, divergence } = atSomeSteps(p, batch, copies);
          const each = reshape(divergence(learned.clean), [copies, batch.images.shape[0]!]);
          const start = startDivergence(centred(batch.images, levels), sigmas.at(-1)!);
          return neg(add(start, mul(mean(each, { axes: 0 }), sigmas.length)));
        },
      },
      denoiser: {
        ...ofPixels(data),
        sigmas: (steps) => respaced(sigmas, steps),
        steps: Math.min(config.drawingSteps, sigmas.length),
        sampler: 'ddim',
        conditions: conditional ? ['class'] : [],
        denoise: (p: Parameters, noisy) => ({
          ...model.denoise(p, noisy),
          ...(variance === 'large' && { spread: ones(noisy.x.shape) }),
        }),
      },
    };
  },
});
