import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageDecayAt } from './average.js';
import { learningRateAt, scheduleSchema } from './schedule.js';

const schedule = (settings: object) => scheduleSchema.parse({ learningRate: 1, ...settings });

describe('learningRateAt', () => {
  it('rises in a line over the warm-up, whatever follows', () => {
    for (const kind of ['constant', 'linear', 'cosine'] as const) {
      const rates = [1, 2, 3, 4].map((step) => learningRateAt(schedule({ kind, warmupSteps: 4 }), step, 100));
      expect(rates).toEqual([0.2, 0.4, 0.6, 0.8]);
      expect(learningRateAt(schedule({ kind, warmupSteps: 4 }), 5, 100)).toBe(1);
    }
  });

  it('holds, then falls in a line over the last 30% to 5%', () => {
    const settings = schedule({ kind: 'linear', decayOver: 0.3, finalFraction: 0.05 });
    expect(learningRateAt(settings, 1, 1000)).toBe(1);
    expect(learningRateAt(settings, 701, 1000)).toBeCloseTo(1, 12);
    expect(learningRateAt(settings, 851, 1000)).toBeCloseTo((1 + 0.05) / 2, 12);
    expect(learningRateAt(settings, 1001, 1000)).toBeCloseTo(0.05, 12);
  });

  it("follows half a cosine: nanoGPT's numbers", () => {
    // get_lr of nanoGPT with learning_rate 1e-3, min_lr 1e-4, warmup_iters 100, lr_decay_iters 2000, for it = step - 1.
    const settings = schedule({ learningRate: 1e-3, warmupSteps: 100 });
    expect(learningRateAt(settings, 1, 2000)).toBeCloseTo(1e-3 / 101, 12);
    expect(learningRateAt(settings, 101, 2000)).toBeCloseTo(1e-3, 12);
    expect(learningRateAt(settings, 1051, 2000)).toBeCloseTo(5.5e-4, 12);
    expect(learningRateAt(settings, 2001, 2000)).toBeCloseTo(1e-4, 12);
  });

  it('stays between the end and the peak, and never rises after the warm-up', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('constant', 'linear', 'cosine'),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kind, steps, warmupSteps, finalFraction, decayOver) => {
          const settings = schedule({ kind, warmupSteps, finalFraction, decayOver });
          let previous = 1 + 1e-9;
          for (let step = warmupSteps + 1; step <= steps; step++) {
            const rate = learningRateAt(settings, step, steps);
            expect(rate).toBeLessThanOrEqual(previous + 1e-12);
            expect(rate).toBeGreaterThanOrEqual(finalFraction - 1e-12);
            previous = rate;
          }
        },
      ),
    );
  });
});

describe('averageDecayAt', () => {
  it('forgets the beginning, then keeps the set share', () => {
    const average = { decay: 0.99, warmup: true };
    expect(averageDecayAt(average, 1)).toBeCloseTo(2 / 11, 12);
    expect(averageDecayAt(average, 10_000)).toBe(0.99);
    expect(averageDecayAt({ ...average, warmup: false }, 1)).toBe(0.99);
  });
});
