import { normalLogProb, perRow } from '../../nn/distributions.js';
import { type Tensor, add, div, erf, exp, less, log, maximum, mul, square, sub, where } from '../../tensor/index.js';
import { asRows } from './preconditioning.js';
import { atSteps } from './steps.js';

/**
 * The bound on log p of an image under a chain of denoising steps (Ho et al. 2020, equation 5), in nats. Everything is in
 * coordinates of added noise: a step goes from x = clean + sigma · noise to less noise, `below`.
 */

/** Variance of a step back to `below` if the clean image were known: the least it can be, and the most. */
export function varianceRange(sigma: number, below: number): { readonly least: number; readonly most: number } {
  const taken = sigma ** 2 - below ** 2;
  return {
    least: (below ** 2 * taken) / sigma ** 2,
    // Of the mixture this is β, whatever the clean image is like.
    most: ((1 + below ** 2) * taken) / (1 + sigma ** 2),
  };
}

/** What a bound needs to know of each step of a schedule, in its order: the first ends at the image itself. */
export interface StepTables {
  readonly sigmas: readonly number[];
  readonly below: readonly number[];
  readonly logLeast: readonly number[];
  readonly logMost: readonly number[];
}

/** @param sigmas deviation of the noise at each step, the least first */
export function stepTables(sigmas: readonly number[]): StepTables {
  const below = [0, ...sigmas.slice(0, -1)];
  const ranges = sigmas.map((sigma, index) => varianceRange(sigma, below[index]!));
  // The last step back would have no variance at all: it takes that of the step before, as a share of the mixture's.
  const [first, second] = ranges;
  const least = second === undefined ? first!.most : Math.min(first!.most, second.least / (1 + sigmas[0]! ** 2));
  return {
    sigmas,
    below,
    logLeast: ranges.map((range, index) => Math.log(index === 0 ? least : range.least)),
    logMost: ranges.map(({ most }) => Math.log(most)),
  };
}

/**
 * log of the probability of the bin of each whole number, under a Gaussian over [−1, 1]; the outer bins are open. Of bins
 * so far out that their two ends are one number in float32, that of the density in the middle, which is less.
 */
function discretisedNormalLogProb(images: Tensor, mean: Tensor, logDeviation: Tensor, levels: number): Tensor {
  const half = 1 / (levels - 1);
  const offset = sub(sub(mul(images, 2 * half), 1), mean);
  const scale = mul(exp(mul(logDeviation, -1)), Math.SQRT1_2);
  const below = (edge: Tensor): Tensor => mul(add(erf(mul(edge, scale)), 1), 0.5);
  const upper = where(less(images, levels - 1.5), below(add(offset, half)), 1);
  const lower = where(less(0.5, images), below(sub(offset, half)), 0);
  const share = sub(upper, lower);
  const density = add(normalLogProb(offset, 0, logDeviation), Math.log(2 * half));
  return where(less(share, 1e-5), density, log(maximum(share, 1e-5)));
}

export interface BoundOptions {
  readonly tables: StepTables;
  /** int32 [B] */
  readonly steps: Tensor;
  /** In whole numbers, and the same from −1 to 1. */
  readonly images: Tensor;
  readonly clean: Tensor;
  readonly levels: number;
  /** What the model makes of the image with noise. */
  readonly denoised: Tensor;
  /** Where the variance lies between the least and the most, in logarithms: 0 to 1, of each number or of all. */
  readonly spread: Tensor | number;
}

/** What one step adds to −log p: [B], nats. */
export function stepDivergence(options: BoundOptions): Tensor {
  const { tables, steps, images, clean, levels, denoised, spread } = options;
  const at = (list: readonly number[]): Tensor => asRows(atSteps(list, steps), clean.rank);
  const logLeast = at(tables.logLeast);
  const logVariance = add(logLeast, mul(sub(at(tables.logMost), logLeast), spread));
  const kept = at(tables.below.map((below, index) => 1 - (below / tables.sigmas[index]!) ** 2));
  // KL between two Gaussians: of the step if the clean image were known, and of the model's.
  const distance = square(mul(kept, sub(clean, denoised)));
  const variances = add(exp(sub(logLeast, logVariance)), div(distance, exp(logVariance)));
  const divergence = mul(add(sub(logVariance, logLeast), sub(variances, 1)), 0.5);
  const decoded = discretisedNormalLogProb(images, denoised, mul(logVariance, 0.5), levels);
  return where(less(steps, 1), mul(perRow(decoded), -1), perRow(divergence));
}

/** What the start adds to −log p: how far the most noisy image is from noise alone, [B]. */
export const startDivergence = (clean: Tensor, most: number): Tensor => mul(perRow(square(clean)), 0.5 / most ** 2);
