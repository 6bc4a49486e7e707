import {
  bernoulliLogProb,
  bernoulliMean,
  discretisedLogisticLogProb,
  logisticToPixel,
  normalLogProb,
} from './distributions.js';
import { type ParameterSpec, parameter } from './parameters.js';
import { type Draws, type Tensor, add, clip, mul, reshape, squeeze, sub } from '../tensor/index.js';

/** p(image | code): what the numbers that a decoder gives for every pixel mean. */

export const likelihoods = ['auto', 'bernoulli', 'logistic', 'gaussian'] as const;

export interface Likelihood {
  /** Numbers that the decoder gives for every pixel. */
  readonly perPixel: number;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** log p of each pixel given the decoder's output [N, perPixel, C, H, W]; pixels [N, C, H, W]. */
  readonly logProb: (p: Readonly<Record<string, Tensor>>, pixels: Tensor, output: Tensor, draws: Draws) => Tensor;
  readonly mean: (output: Tensor) => Tensor;
}

const logScaleOf = (p: Readonly<Record<string, Tensor>>): Tensor =>
  reshape(clip(p['logScale']!, -7, 2), [1, p['logScale']!.size, 1, 1]);

/** `auto`: Bernoulli for two levels, else a discretised logistic. */
export function likelihoodOf(
  config: { readonly likelihood: (typeof likelihoods)[number] },
  levels: number,
  channels: number,
): Likelihood {
  const kind = config.likelihood === 'auto' ? (levels === 2 ? 'bernoulli' : 'logistic') : config.likelihood;
  const location = (output: Tensor): Tensor => squeeze(output, 1);
  const scale = { logScale: parameter([channels], { init: { kind: 'zeros' } }) };
  switch (kind) {
    case 'bernoulli':
      return {
        perPixel: 1,
        parameters: {},
        logProb: (_, pixels, output) => bernoulliLogProb(mul(pixels, 1 / (levels - 1)), location(output)),
        mean: (output) => mul(bernoulliMean(location(output)), levels - 1),
      };
    case 'logistic':
      return {
        perPixel: 1,
        parameters: scale,
        logProb: (p, pixels, output) =>
          discretisedLogisticLogProb(pixels, location(output), sub(logScaleOf(p), 2), levels),
        mean: (output) => logisticToPixel(location(output), levels),
      };
    case 'gaussian':
      return {
        perPixel: 1,
        parameters: scale,
        // log p of the whole number is at least the mean log density over its unit of noise (Theis et al. 2016).
        logProb: (p, pixels, output, draws) => {
          const noisy = sub(mul(add(pixels, draws.uniform(pixels.shape)), 2 / levels), 1);
          return add(normalLogProb(noisy, location(output), sub(logScaleOf(p), 1)), Math.log(2 / levels));
        },
        mean: (output) => logisticToPixel(location(output), levels),
      };
  }
}
