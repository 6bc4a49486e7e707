import { ConfigError } from '../../errors.js';
import type { SamplerName } from '../../nn/image-model.js';
import { varianceRange } from './variational.js';

/**
 * Ways from noise to an image, as pure functions of a denoiser and a list of amounts of noise. All work on
 * x = clean + sigma · noise, where the path of an image is the solution of dx/dsigma = (x − clean(x, sigma)) / sigma
 * (Karras et al. 2022, equation 3, with their sigma(t) = t).
 */

export interface Denoised {
  /** What x may have been without noise. */
  readonly clean: Float32Array;
  /** See `DenoisedTensors`. */
  readonly spread?: Float32Array;
}

/** @param step counts the evaluations' places in the list of sigmas: a sampler may ask twice at one */
export type Denoise = (x: Float32Array, sigma: number, step: number) => Promise<Denoised>;

export interface SamplerOptions {
  readonly denoise: Denoise;
  /** Falling, from the noise of `x` to where it ends: usually 0. */
  readonly sigmas: readonly number[];
  readonly x: Float32Array;
  /** Standard normal numbers for a step, as many as x has. */
  readonly noise: (step: number) => Float32Array;
  /** Called with what x seems to become, once a step. */
  readonly seen?: (clean: Float32Array, step: number) => void;
}

const pairs = (sigmas: readonly number[]): (readonly [from: number, to: number])[] =>
  sigmas.slice(1).map((to, index) => [sigmas[index]!, to]);

export interface DdimOptions {
  /** Share of the noise of an ancestral step that is drawn anew: 0 none, 1 all of it. Default 0. */
  readonly eta?: number;
  /**
   * Variance of a step at eta 1: the least it can be (0), the most (1), or in between in logarithms. Default: what the
   * denoiser says, else 0.
   */
  readonly spread?: number;
}

/**
 * Ancestral steps (Ho et al. 2020) at eta 1, and without drawing anew (Song et al. 2021, DDIM) at eta 0: in these
 * coordinates each of those is Euler's x + (to − from) · (x − clean) / from. Where sigmas rise, noise is added that
 * brings x there: going back and forth is how RePaint (Lugmayr et al. 2022) makes parts of an image agree.
 */
export async function ddim(options: SamplerOptions & DdimOptions): Promise<Float32Array> {
  const { denoise, sigmas, noise, eta = 0, spread, seen } = options;
  let { x } = options;
  for (const [step, [from, to]] of pairs(sigmas).entries()) {
    if (to > from) {
      const added = Math.sqrt(to ** 2 - from ** 2);
      const drawn = noise(step);
      x = x.map((value, index) => value + added * drawn[index]!);
      continue;
    }
    const denoised = await denoise(x, from, step);
    seen?.(denoised.clean, step);
    x = ancestralStep(x, denoised, {
      from,
      to,
      eta,
      noise: () => noise(step),
      ...(spread !== undefined && { spread }),
    });
  }
  return x;
}

function ancestralStep(
  x: Float32Array,
  { clean, spread: learned }: Denoised,
  options: { from: number; to: number; eta: number; noise: () => Float32Array; spread?: number },
): Float32Array {
  const { from, to, eta, noise, spread } = options;
  const { least, most } = varianceRange(from, to);
  const variance = eta ** 2 * least;
  const kept = Math.sqrt(Math.max(0, to ** 2 - variance)) / from;
  const next = x.map((value, index) => clean[index]! + kept * (value - clean[index]!));
  if (variance === 0) return next;
  const drawn = noise();
  // A larger variance than the least changes the noise and leaves the mean.
  const widen = Math.log(most / least);
  for (let index = 0; index < next.length; index++) {
    const share = spread ?? learned?.[index] ?? 0;
    next[index]! += eta * Math.sqrt(least * Math.exp(share * widen)) * drawn[index]!;
  }
  return next;
}

/**
 * The way back of DDIM at eta 0: an image to the noise that it is drawn from (Song et al. 2021, section 4.3). The same
 * steps, with rising sigmas; the image lies at the first of them.
 */
export async function invert({ denoise, sigmas, x: start }: Omit<SamplerOptions, 'noise'>): Promise<Float32Array> {
  let x = start;
  for (const [step, [from, to]] of pairs(sigmas).entries()) {
    const { clean } = await denoise(x, from, step);
    x = eulerStep(x, clean, from, to);
  }
  return x;
}

/** x + (to − from) · (x − clean) / from */
const eulerStep = (x: Float32Array, clean: Float32Array, from: number, to: number): Float32Array =>
  x.map((value, index) => clean[index]! + (to / from) * (value - clean[index]!));

/** Noise that Heun's steps add on the way, to be taken away again (Karras et al. 2022, algorithm 2). */
export interface Churn {
  /** How much of it over all steps together. */
  readonly amount: number;
  /** Between these sigmas. Default: everywhere. */
  readonly from?: number;
  readonly until?: number;
  /** Factor to its deviation. Default 1. */
  readonly deviation?: number;
}

/** Heun's method, of second order: two evaluations a step, but one for a step that ends at 0. */
export async function heun(options: SamplerOptions & { readonly churn?: Churn }): Promise<Float32Array> {
  const { denoise, sigmas, noise, churn = { amount: 0 }, seen } = options;
  const most = churn.until ?? Infinity;
  let { x } = options;
  for (const [step, [sigma, to]] of pairs(sigmas).entries()) {
    const isChurned = churn.amount > 0 && sigma >= (churn.from ?? 0) && sigma <= most;
    const gamma = isChurned ? Math.min(churn.amount / (sigmas.length - 1), Math.SQRT2 - 1) : 0;
    const from = sigma * (1 + gamma);
    if (gamma > 0) {
      const added = Math.sqrt(from ** 2 - sigma ** 2) * (churn.deviation ?? 1);
      const drawn = noise(step);
      x = x.map((value, index) => value + added * drawn[index]!);
    }
    const { clean } = await denoise(x, from, step);
    seen?.(clean, step);
    const reached = eulerStep(x, clean, from, to);
    if (to === 0) {
      x = reached;
      continue;
    }
    const { clean: again } = await denoise(reached, to, step + 1);
    const start = x;
    x = x.map((value, index) => {
      const slope = (start[index]! - clean[index]!) / from + (reached[index]! - again[index]!) / to;
      return value + ((to - from) * slope) / 2;
    });
  }
  return x;
}

/**
 * DPM-Solver++ (Lu et al. 2022, algorithm 2): of second order with one evaluation a step, because it remembers the last
 * one. It is exact where the clean image changes linearly with log sigma.
 */
export async function dpmSolver(options: SamplerOptions): Promise<Float32Array> {
  const { denoise, sigmas, seen } = options;
  let { x } = options;
  let last: { readonly clean: Float32Array; readonly sigma: number } | undefined;
  for (const [step, [from, to]] of pairs(sigmas).entries()) {
    const { clean } = await denoise(x, from, step);
    seen?.(clean, step);
    const before = last;
    // A step to 0 is infinitely long in log sigma: nothing can be extrapolated that far.
    const ratio = before && to > 0 ? Math.log(from / to) / Math.log(before.sigma / from) / 2 : 0;
    const guess =
      before && ratio > 0 ? clean.map((value, index) => value + ratio * (value - before.clean[index]!)) : clean;
    x = eulerStep(x, guess, from, to);
    last = { clean, sigma: from };
  }
  return x;
}

export interface SamplerSettings extends DdimOptions {
  readonly churn?: Churn;
}

/** Runs a sampler by its name. `ddpm` is `ddim` with eta 1, `euler` with eta 0. */
export function runSampler(
  name: SamplerName,
  options: SamplerOptions,
  { eta, spread, churn }: SamplerSettings = {},
): Promise<Float32Array> {
  const given = { ...options, ...(spread !== undefined && { spread }) };
  switch (name) {
    case 'ddpm':
      return ddim({ ...given, eta: eta ?? 1 });
    case 'ddim':
      return ddim({ ...given, eta: eta ?? 0 });
    case 'euler':
      return ddim({ ...options, eta: 0 });
    case 'heun':
      return heun({ ...options, ...(churn && { churn }) });
    case 'dpm++':
      return dpmSolver(options);
  }
}

/** @throws ConfigError for numbers that no sampler takes */
export function checkSampling({
  eta = 0,
  guidance = 1,
  churn = 0,
}: {
  readonly eta?: number;
  readonly guidance?: number;
  readonly churn?: number;
}): void {
  if (!(eta >= 0 && eta <= 1)) throw new ConfigError(`eta: ${eta} is no share from 0 to 1`);
  if (!(guidance >= 0)) throw new ConfigError(`guidance: ${guidance} is not a number from 0`);
  if (!(churn >= 0)) throw new ConfigError(`churn: ${churn} is not a number from 0`);
}
