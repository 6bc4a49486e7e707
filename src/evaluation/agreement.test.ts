import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interval, krippendorffAlpha, pairJudgements } from './agreement.js';

/** The example of Krippendorff 2011, section D: four observers, twelve units; 0 where one did not judge. */
const observers = [
  [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
  [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
  [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
  [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
];
const units = observers[0]!.map((_, unit) => observers.map((values) => values[unit]!).filter((value) => value > 0));

describe("Krippendorff's alpha", () => {
  it('is that of the published example', () => {
    expect(krippendorffAlpha(units)).toBeCloseTo(0.743, 3);
    expect(krippendorffAlpha(units, interval)).toBeCloseTo(0.849, 3);
  });

  it('is 1 for perfect agreement, and does not know without two judgements or any difference', () => {
    const values = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, (list) => {
        const alpha = krippendorffAlpha(list.map((value) => [value, value, value]));
        expect(alpha).toBe(new Set(list).size > 1 ? 1 : undefined);
      }),
    );
    expect(krippendorffAlpha([[1], [2]])).toBeUndefined();
    expect(krippendorffAlpha([])).toBeUndefined();
  });

  it('is below 0 for labelers who contradict each other', () => {
    const pairs = [
      [0, 1],
      [1, 2],
    ];
    expect(
      krippendorffAlpha(pairs.map((ranks) => [...pairJudgements(ranks), -pairJudgements(ranks)[0]!])),
    ).toBeLessThan(0);
  });
});

describe('pairJudgements', () => {
  it('compares each answer with those after it', () => {
    expect(pairJudgements([0, 1, 1])).toEqual([-1, -1, 0]);
    expect(pairJudgements([2, 0, 1])).toEqual([1, 1, -1]);
  });
});
