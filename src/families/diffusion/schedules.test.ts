import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { karrasSigmas, lastSteps, noiseSchedule, resampled, respaced, scheduleNames } from './schedules.js';

/** ᾱ of sigma² = (1 − ᾱ) / ᾱ. */
const signal = (sigma: number): number => 1 / (1 + sigma ** 2);

describe.each(scheduleNames)('the %s schedule', (name) => {
  it('adds noise at every step, from hardly any to hardly anything else', () => {
    for (const steps of [50, 1000]) {
      const sigmas = noiseSchedule(name, steps);
      expect(sigmas).toHaveLength(steps);
      sigmas.slice(1).forEach((sigma, index) => {
        expect(sigma).toBeGreaterThan(sigmas[index]!);
      });
      expect(signal(sigmas[0]!)).toBeGreaterThan(0.98);
      expect(signal(sigmas.at(-1)!)).toBeLessThan(0.03);
    }
  });
});

describe('schedules', () => {
  it('are those of the papers', () => {
    // β from 0.0001 to 0.02: the product of 1 − β over a thousand steps is 4.0e-5.
    expect(signal(noiseSchedule('linear', 1000).at(-1)!)).toBeCloseTo(4.04e-5, 6);
    const cosine = noiseSchedule('cosine', 1000);
    const f = (t: number): number => Math.cos((((t / 1000 + 0.008) / 1.008) * Math.PI) / 2) ** 2;
    for (const t of [1, 100, 500, 900]) expect(signal(cosine[t - 1]!)).toBeCloseTo(f(t) / f(0), 6);
    const sigmoid = noiseSchedule('sigmoid', 1000);
    // Half of the signal is left at half of the time.
    expect(signal(sigmoid[499]!)).toBeCloseTo(0.5, 6);
  });

  it('are thinned out evenly, their ends included', () => {
    const sigmas = noiseSchedule('cosine', 1000);
    expect(respaced(sigmas, 1000)).toEqual([...sigmas].reverse());
    expect(respaced(sigmas, 1)).toEqual([sigmas.at(-1)]);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1000 }), (steps) => {
        const fewer = respaced(sigmas, steps);
        expect(new Set(fewer).size).toBe(steps);
        expect([fewer[0], fewer.at(-1)]).toEqual([sigmas.at(-1), sigmas[0]]);
        expect(fewer).toEqual([...fewer].sort((a, b) => b - a));
      }),
    );
    expect(() => respaced(sigmas, 1001)).toThrow(/from 1 to 1000/);
  });

  it('of Karras et al. begin and end where they should', () => {
    const sigmas = karrasSigmas(18, { least: 0.002, most: 80 });
    expect(sigmas[0]).toBeCloseTo(80, 10);
    expect(sigmas.at(-1)).toBeCloseTo(0.002, 10);
    // The seventh roots are evenly spaced.
    const roots = sigmas.map((sigma) => sigma ** (1 / 7));
    expect(roots[4]! - roots[5]!).toBeCloseTo(roots[10]! - roots[11]!, 12);
  });
});

describe('going over steps again', () => {
  it('goes each part of the way so often, back up in between, and ends once', () => {
    expect(resampled([4, 3, 2, 1, 0], 2, 2)).toEqual([4, 3, 2, 4, 3, 2, 1, 0, 2, 1, 0]);
    expect(resampled([4, 3, 2, 1, 0], 1, 2)).toEqual([4, 3, 2, 1, 0]);
  });

  it('leaves the last steps for an image that gets little noise', () => {
    expect(lastSteps([4, 3, 2, 1, 0], 0.5)).toEqual([2, 1, 0]);
    expect(lastSteps([4, 3, 2, 1, 0], 1)).toEqual([4, 3, 2, 1, 0]);
    expect(lastSteps([4, 3, 2, 1, 0], 0.01)).toEqual([1, 0]);
    expect(() => lastSteps([1, 0], 0)).toThrow(/strength/);
  });
});
