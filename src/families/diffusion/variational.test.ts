import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import type { Tensor } from '../../tensor/index.js';
import { noiseSchedule } from './schedules.js';
import { stepDivergence, stepTables, varianceRange } from './variational.js';

interface Golden {
  readonly bound: { readonly sigmas: readonly number[]; readonly terms: readonly (readonly number[])[] };
}

const { bound } = JSON.parse(readFileSync(new URL('golden/u-net.json', import.meta.url), 'utf8')) as Golden;
const levels = 8;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const filled = (size: number, phase: number): Float32Array =>
  Float32Array.from({ length: size }, (_, index) => Math.sin(0.61 * index + phase));

describe('the bound', () => {
  it('has the schedule of Ho et al. for any number of steps', () => {
    noiseSchedule('linear', 5).forEach((sigma, index) => {
      expect(sigma / bound.sigmas[index]!).toBeCloseTo(1, 6);
    });
  });

  it('is at every step that of the papers, which write it in other coordinates', async () => {
    const shape = [2, 1, 2, 3];
    const spec = { shape, dtype: 'float32' as const };
    const tables = stepTables(noiseSchedule('linear', 5));
    const program = await engine.compile(
      (args: { steps: Tensor; images: Tensor; clean: Tensor; denoised: Tensor; spread: Tensor }) => ({
        terms: stepDivergence({ ...args, tables, levels }),
      }),
      { steps: { shape: [2], dtype: 'int32' as const }, images: spec, clean: spec, denoised: spec, spread: spec },
    );
    const images = Float32Array.from({ length: 12 }, (_, index) => (index * 5) % levels);
    const clean = images.map((value) => (value * 2) / (levels - 1) - 1);
    const denoised = filled(12, 5).map((value, index) => clean[index]! + 0.15 * value);
    for (const [step, expected] of bound.terms.entries()) {
      const { terms } = (await program.run({
        steps: Int32Array.of(step, step),
        images,
        clean,
        denoised,
        spread: filled(12, 6).map((value) => value * 0.5 + 0.5),
      })) as { terms: Float32Array };
      expected.forEach((value, row) => {
        expect(Math.abs(terms[row]! - value), `step ${step}`).toBeLessThan(1e-3 * value + 1e-5);
      });
    }
  });
});

describe('the variance of a step', () => {
  it('lies between that of a known image and that of an unknown one', () => {
    const { least, most } = varianceRange(3, 2);
    // Between 3 and 2 noise of variance 5 was added to noise of variance 4.
    expect(least).toBeCloseTo((4 * 5) / 9, 12);
    expect(most).toBeGreaterThan(least);
    expect(varianceRange(3, 0).least).toBe(0);
  });
});
