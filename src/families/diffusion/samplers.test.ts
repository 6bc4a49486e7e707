import { describe, expect, it } from 'vitest';
import { counterRandom, fillNormal } from '../../tensor/random.js';
import { type Denoise, type SamplerOptions, ddim, dpmSolver, heun, invert } from './samplers.js';
import { karrasSigmas } from './schedules.js';

/** Data that is Gaussian has a denoiser that one can write down, and paths that one can solve. */

const mean = 0.7;
const deviation = 0.5;

const denoise: Denoise = (x, sigma) =>
  Promise.resolve({
    clean: x.map((value) => (deviation ** 2 * value + sigma ** 2 * mean) / (deviation ** 2 + sigma ** 2)),
  });

const noise = (step: number, count: number): Float32Array =>
  fillNormal(counterRandom(5, 'samplers', step), new Float32Array(count));

const optionsOf = (sigmas: readonly number[], x: Float32Array): SamplerOptions => ({
  denoise,
  sigmas,
  x,
  noise: (step) => noise(step + 1, x.length),
});

/** Where the path from x at the first sigma ends. */
const exact = (x: number, from: number, to: number): number =>
  mean + (x - mean) * Math.sqrt((to ** 2 + deviation ** 2) / (from ** 2 + deviation ** 2));

const most = 80;
const levels = (steps: number): number[] => [...karrasSigmas(steps, { least: 0.002, most }), 0];

type Sampler = (options: SamplerOptions) => Promise<Float32Array>;

const samplers: readonly (readonly [name: string, sample: Sampler])[] = [
  ['ddpm', (options) => ddim({ ...options, eta: 1 })],
  ['ddpm, the largest variance', (options) => ddim({ ...options, eta: 1, spread: 1 })],
  ['ddim', (options) => ddim(options)],
  ['ddim, eta 0.5', (options) => ddim({ ...options, eta: 0.5 })],
  ['heun', (options) => heun(options)],
  ['heun with churn', (options) => heun({ ...options, churn: { amount: 40, from: 0.05, until: 50 } })],
  ['dpm++', (options) => dpmSolver(options)],
];

describe('every sampler draws from a Gaussian', () => {
  it.each(samplers)('%s', async (_, sample) => {
    const count = 20_000;
    const x = noise(0, count).map((value) => value * most);
    const drawn = await sample(optionsOf(levels(400), x));
    const centre = drawn.reduce((sum, value) => sum + value, 0) / count;
    const variance = drawn.reduce((sum, value) => sum + (value - centre) ** 2, 0) / count;
    // Four standard errors of 20,000 draws, and what 400 steps leave.
    expect(Math.abs(centre - mean)).toBeLessThan(0.02);
    expect(Math.abs(Math.sqrt(variance) - deviation)).toBeLessThan(0.02);
  });
});

describe('the error of a path', () => {
  const from = 10;
  const to = 0.05;
  const start = 6;
  const errorOf = async (sample: Sampler, steps: number): Promise<number> => {
    const sigmas = karrasSigmas(steps + 1, { least: to, most: from });
    // In double precision the order would show at any number of steps; these are few enough for single.
    const [end] = await sample(optionsOf(sigmas, Float32Array.of(start)));
    return Math.abs(end! - exact(start, from, to));
  };
  const orderOf = async (sample: Sampler): Promise<number> =>
    Math.log2((await errorOf(sample, 16)) / (await errorOf(sample, 32)));

  it.each<[string, Sampler, number]>([
    ['Euler', (options) => ddim(options), 1],
    ['Heun', (options) => heun(options), 2],
    ['DPM-Solver++', (options) => dpmSolver(options), 2],
  ])('falls with the order of the method: %s', async (_, sample, order) => {
    const found = await orderOf(sample);
    expect(found).toBeGreaterThan(order - 0.25);
    expect(found).toBeLessThan(order + 0.6);
  });
});

describe('DDIM there and back', () => {
  it('returns to the image, the nearer the more steps', async () => {
    const x = Float32Array.of(-0.4, 0.1, 0.9, 1.6);
    const difference = async (steps: number): Promise<number> => {
      const falling = karrasSigmas(steps, { least: 0.002, most });
      const noisy = await invert({ ...optionsOf([...falling].reverse(), x) });
      noisy.forEach((value, index) => {
        expect(Math.abs(value)).toBeGreaterThan(Math.abs(x[index]!));
      });
      const back = await ddim(optionsOf([...falling, 0], noisy));
      return Math.max(...back.map((value, index) => Math.abs(value - x[index]!)));
    };
    const [coarse, fine] = [await difference(40), await difference(160)];
    expect(coarse).toBeLessThan(0.15);
    expect(fine).toBeLessThan(coarse / 2);
  });
});

describe('going back up', () => {
  it('draws from the same Gaussian', async () => {
    const count = 20_000;
    const falling = levels(100);
    const again = [...falling.slice(0, 60), ...falling.slice(40, 60), ...falling.slice(40)];
    const x = noise(0, count).map((value) => value * most);
    const drawn = await ddim({ ...optionsOf(again, x), eta: 1 });
    const centre = drawn.reduce((sum, value) => sum + value, 0) / count;
    const variance = drawn.reduce((sum, value) => sum + (value - centre) ** 2, 0) / count;
    expect(Math.abs(centre - mean)).toBeLessThan(0.02);
    expect(Math.abs(Math.sqrt(variance) - deviation)).toBeLessThan(0.03);
  });
});

describe('what a sampler is given', () => {
  it('sees the clean image once a step', async () => {
    const seen: number[] = [];
    await ddim({ ...optionsOf(levels(5), Float32Array.of(3)), seen: (_, step) => seen.push(step) });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });
});
