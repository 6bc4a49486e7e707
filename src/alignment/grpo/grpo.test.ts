import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedBestOfN } from '../best-of-n.js';
import { groupAdvantages } from './advantages.js';

const rewards = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 8 });

describe('advantages within a group', () => {
  it.each(['grpo', 'dr-grpo', 'rloo'] as const)('%s: sum to 0, keep the order, and are 0 among equals', (variant) => {
    fc.assert(
      fc.property(rewards, (values) => {
        const advantages = groupAdvantages(Float32Array.from(values), values.length, variant);
        expect(Math.abs(advantages.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-3);
        values.forEach((one, i) =>
          values.forEach((other, j) => {
            if (one > other) expect(advantages[i]).toBeGreaterThanOrEqual(advantages[j]!);
          }),
        );
        const equals = groupAdvantages(new Float32Array(values.length).fill(2.5), values.length, variant);
        expect([...equals].every((value) => Math.abs(value) < 1e-6)).toBe(true);
      }),
    );
  });

  it('grpo: has the deviation 1, whatever the unit of the reward', () => {
    const advantages = groupAdvantages(Float32Array.of(0, 10, 20, 30), 4, 'grpo');
    const squares = advantages.reduce((sum, value) => sum + value ** 2, 0);
    expect(Math.sqrt(squares / 3)).toBeCloseTo(1, 4);
  });

  it('every group by itself', () => {
    const both = groupAdvantages(Float32Array.of(1, 2, 3, 7, 7, 10), 3, 'rloo');
    expect([...both.subarray(3)]).toEqual([...groupAdvantages(Float32Array.of(7, 7, 10), 3, 'rloo')]);
  });

  it('rloo: estimates the gradient of the mean reward without bias', () => {
    // Two answers in three draws from p = σ(θ): all eight groups, each by its probability. d log p(1)/dθ = 1 − p.
    const p = 0.3;
    const reward = [0.4, 1.7];
    const estimate = (variant: 'rloo' | 'dr-grpo'): number => {
      let mean = 0;
      for (let group = 0; group < 8; group++) {
        const draws = [0, 1, 2].map((bit) => (group >> bit) & 1);
        const probability = draws.reduce((product, draw) => product * (draw === 1 ? p : 1 - p), 1);
        const advantages = groupAdvantages(
          Float32Array.from(draws, (draw) => reward[draw]!),
          3,
          variant,
        );
        const slopes = draws.map((draw) => (draw === 1 ? 1 - p : -p));
        mean += (probability * slopes.reduce((sum, slope, index) => sum + slope * advantages[index]!, 0)) / 3;
      }
      return mean;
    };
    const truth = p * (1 - p) * (reward[1]! - reward[0]!);
    expect(estimate('rloo')).toBeCloseTo(truth, 6);
    // The group's own mean has the answer in it, which takes (n − 1)/n of the gradient.
    expect(estimate('dr-grpo')).toBeCloseTo((truth * 2) / 3, 6);
  });
});

describe('best of n from a pool', () => {
  it('is the mean over all subsets', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 4, maxLength: 7 }), (proxy) => {
        const values = proxy.map((score, index) => Math.sin(score + index));
        for (let n = 1; n <= proxy.length; n++) {
          const subsets = Array.from({ length: 2 ** proxy.length }, (_, bits) =>
            proxy.map((_, index) => index).filter((index) => (bits >> index) & 1),
          ).filter(({ length }) => length === n);
          const best = subsets.map((subset) => {
            const most = Math.max(...subset.map((index) => proxy[index]!));
            return most;
          });
          const expected = best.reduce((sum, score) => sum + score, 0) / best.length;
          expect(expectedBestOfN(proxy, proxy, n)).toBeCloseTo(expected, 10);
        }
        expect(expectedBestOfN(proxy, values, 1)).toBeCloseTo(
          values.reduce((sum, value) => sum + value, 0) / values.length,
          10,
        );
      }),
    );
  });

  it('looks at the true score of what the proxy likes best', () => {
    expect(expectedBestOfN([1, 2, 3], [9, 5, -1], 3)).toBeCloseTo(-1, 10);
    expect(expectedBestOfN([1, 2, 3], [9, 5, -1], 2)).toBeCloseTo((5 - 1 - 1) / 3, 10);
  });
});
