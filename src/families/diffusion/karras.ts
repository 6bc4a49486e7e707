import { z } from 'zod';
import type { ImageTensors } from '../../nn/image-model.js';
import { type Tensor, add, exp, mean, mul } from '../../tensor/index.js';
import {
  type Diffusion,
  type DiffusionOptions,
  type DiffusionParameters,
  diffusion,
  diffusionSettings,
  drawsOf,
} from './diffusion.js';
import { predictions } from './preconditioning.js';
import { karrasSigmas } from './schedules.js';
import { uNetSettings } from './u-net.js';

/** Training with any amount of noise, and drawing in steps that are chosen afterwards (Karras et al. 2022, EDM). */

export const karrasSettings = {
  ...uNetSettings,
  prediction: z.enum(predictions).default('karras').describe('what the network is asked for'),
  ...diffusionSettings,
  noiseMean: z.number().default(-1.2).describe('mean of the logarithm of the noise in training'),
  noiseDeviation: z.number().positive().default(1.2).describe('its standard deviation'),
  leastNoise: z
    .number()
    .positive()
    .default(0.002)
    .describe('standard deviation of the noise of the last step of drawing'),
  mostNoise: z.number().positive().default(80).describe('standard deviation of the noise that drawing begins with'),
  rho: z.number().positive().default(7).describe('the larger, the more of the steps of drawing are at little noise'),
};

export type KarrasConfig = { readonly [Key in keyof typeof karrasSettings]: z.output<(typeof karrasSettings)[Key]> };

export interface KarrasDiffusion extends Pick<Diffusion, 'parameters' | 'denoise'> {
  readonly sigmas: (steps: number) => readonly number[];
  /** Mean weighted error of a batch of clean images or codes, and of what is given beside each. */
  readonly loss: (
    p: DiffusionParameters,
    given: Omit<Parameters<Diffusion['learn']>[1], 'sigma' | 'draws' | 'key'> & Pick<ImageTensors, 'key'>,
  ) => Tensor;
}

/** Diffusion with the preconditioning, noise and steps of Karras et al. 2022 (arXiv:2206.00364, table 1). */
export function karrasDiffusion(
  config: KarrasConfig,
  options: Pick<DiffusionOptions, 'shape' | 'classes' | 'condition' | 'givenChannels' | 'deviation'>,
): KarrasDiffusion {
  const { parameters, denoise, learn } = diffusion({
    ...options,
    network: config,
    prediction: config.prediction,
    settings: config,
  });
  return {
    parameters,
    denoise,
    sigmas: (steps) => karrasSigmas(steps, { least: config.leastNoise, most: config.mostNoise, rho: config.rho }),
    loss: (p, given) => {
      const { clean, key } = given;
      const draws = drawsOf(key);
      const logSigma = add(mul(draws.normal([clean.shape[0]!]), config.noiseDeviation), config.noiseMean);
      return mean(learn(p, { ...given, sigma: exp(logSigma), draws, key }).error);
    },
  };
}
