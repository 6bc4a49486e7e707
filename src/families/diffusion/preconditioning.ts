import {
  type Tensor,
  add,
  div,
  log,
  minimum,
  mul,
  neg,
  ones,
  reciprocal,
  reshape,
  sqrt,
  square,
  sub,
} from '../../tensor/index.js';

/**
 * What a network is asked for, as the one thing that a denoiser is (Karras et al. 2022, equation 7):
 *
 *   clean = skip(sigma) · x + out(sigma) · F(in(sigma) · x)
 *
 * Noise, image and velocity prediction are three choices of skip and out, Karras et al.'s a fourth.
 */

export const predictions = ['noise', 'image', 'velocity', 'karras'] as const;
export type Prediction = (typeof predictions)[number];

/** Factors for sigmas [B], each [B, 1, …] so that it multiplies rows. */
export interface Preconditioning {
  /** Undefined: 0. */
  readonly skip?: Tensor;
  readonly out: Tensor;
  readonly in: Tensor;
}

/** Sigmas [B] as [B, 1, …], to go with rows of this rank. */
export const asRows = (sigma: Tensor, rank: number): Tensor =>
  reshape(sigma, [sigma.size, ...Array.from({ length: rank - 1 }, () => 1)]);

/** @param deviation of the clean data; what is mixed is taken for data of deviation 1 */
export function preconditioning(prediction: Prediction, sigma: Tensor, deviation = 1): Preconditioning {
  // z = √ᾱ x, and √ᾱ = 1 / √(1 + sigma²).
  const signal = reciprocal(sqrt(add(square(sigma), 1)));
  switch (prediction) {
    case 'noise':
      return { skip: ones(sigma.shape), out: neg(sigma), in: signal };
    case 'image':
      return { out: ones(sigma.shape), in: signal };
    case 'velocity':
      return { skip: square(signal), out: neg(mul(sigma, signal)), in: signal };
    case 'karras': {
      const total = add(square(sigma), deviation ** 2);
      const scale = reciprocal(sqrt(total));
      return { skip: div(deviation ** 2, total), out: mul(mul(sigma, scale), deviation), in: scale };
    }
  }
}

/** What the network is told of the noise: a quarter of the logarithm, between about −2 and 2. */
export const noiseLevel = (sigma: Tensor): Tensor => mul(log(sigma), 0.25);

/** The network's output → the clean image. */
export const cleanOf = ({ skip, out }: Preconditioning, x: Tensor, output: Tensor): Tensor =>
  skip === undefined ? mul(out, output) : add(mul(skip, x), mul(out, output));

/** What the network should have said of a clean image. */
export const targetOf = ({ skip, out }: Preconditioning, x: Tensor, clean: Tensor): Tensor =>
  div(skip === undefined ? clean : sub(clean, mul(skip, x)), out);

export const weightings = ['uniform', 'min-snr'] as const;
export type Weighting = (typeof weightings)[number];

/**
 * Weight of the squared error of the network's output at each sigma. `uniform` is 1: for noise prediction the simple
 * loss of Ho et al. 2020, for Karras et al. their weight. `min-snr` (Hang et al. 2023): the error of the clean image
 * weighs as the ratio of signal to noise 1 / sigma², but at most `limit`; the error of the output is that of the clean
 * image over out², whatever is predicted.
 */
export function weightOf(weighting: Weighting, sigma: Tensor, { out }: Preconditioning, limit = 5): Tensor | undefined {
  if (weighting === 'uniform') return undefined;
  return mul(minimum(reciprocal(square(sigma)), limit), square(out));
}
