import { describe, expect, it } from 'vitest';
import { deriveKey } from './random-key.js';

describe('deriveKey', () => {
  it('depends on nothing but its arguments, and on each of them', () => {
    const base = { seed: 1, purpose: 'dropout', step: 5, index: 0 };
    expect(deriveKey(base)).toEqual(deriveKey({ seed: 1, purpose: 'dropout', step: 5 }));
    const others = [{ seed: 2 }, { purpose: 'rollout' }, { step: 6 }, { index: 1 }, { seed: 2 ** 40 + 1 }];
    const keys = [base, ...others.map((other) => ({ ...base, ...other }))].map((options) => deriveKey(options).join());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is spread evenly over bits, and never repeats over many steps', () => {
    const seen = new Set<string>();
    const ones = new Float64Array(64);
    const steps = 20_000;
    for (let step = 0; step < steps; step++) {
      const key = deriveKey({ seed: 7, purpose: 'dropout', step });
      seen.add(key.join());
      for (let bit = 0; bit < 64; bit++) ones[bit]! += (key[bit >> 5]! >>> (bit & 31)) & 1;
    }
    expect(seen.size).toBe(steps);
    // Five standard deviations of a fair coin.
    for (const count of ones) expect(Math.abs(count - steps / 2)).toBeLessThan(5 * Math.sqrt(steps / 4));
  });
});
