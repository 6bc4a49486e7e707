import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterRandom } from '../tensor/random.js';
import { countTokens, keepProbability, noiseSampler, pairsOf, skipGrams } from './skip-grams.js';
import { tokensInMemory } from './token-store.js';

describe('skip-grams', () => {
  it('draws noise in proportion to counts to the power of 3/4', () => {
    const counts = [16, 0, 1, 81];
    const sample = noiseSampler(counts);
    const random = counterRandom(1, 'test', 0);
    const found = [0, 0, 0, 0];
    const draws = 20_000;
    for (let draw = 0; draw < draws; draw++) found[sample(random)]!++;
    const expected = [8, 0, 1, 27].map((weight) => weight / 36);
    found.forEach((count, token) => expect(count / draws).toBeCloseTo(expected[token]!, 1.8));
    expect(found[1]).toBe(0);
  });

  it('leaves frequent tokens out, as often as their share says', () => {
    expect(keepProbability(0.001, 0.001)).toBe(1);
    expect(keepProbability(0.004, 0.001)).toBeCloseTo(0.75, 10);
    expect(keepProbability(0.1, 0)).toBe(1);
  });

  it('pairs each token with those in its reach, and none with itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 5 }), (length, window) => {
        const text = Int32Array.from({ length }, (_, at) => at);
        const pairs = [...pairsOf(text, window, counterRandom(length, 'reach', window))];
        for (const [centre, other] of pairs) {
          expect(Math.abs(centre - other)).toBeGreaterThan(0);
          expect(Math.abs(centre - other)).toBeLessThanOrEqual(window);
        }
        expect(new Set(pairs.map(([centre]) => centre)).size).toBe(length);
        // A window of 1 leaves nothing to chance.
        if (window === 1) expect(pairs).toHaveLength(2 * (length - 1));
      }),
    );
  });

  it('counts tokens, and goes on where it stopped', () => {
    const tokens = tokensInMemory(Array.from({ length: 300 }, (_, at) => at % 7));
    expect([...countTokens(tokens, 8)]).toEqual([43, 43, 43, 43, 43, 43, 42, 0]);
    const options = { tokens, vocabulary: 8, pairs: 6, window: 2, negatives: 3, subsample: 0.1, seed: 4 };
    const [one, other] = [skipGrams(options), skipGrams(options)];
    one.next();
    other.restore(one.state());
    const batch = one.next();
    expect(other.next()).toEqual(batch);
    expect([batch.centres.length, batch.negatives.length]).toEqual([6, 18]);
    expect(batch.centres.some((centre, at) => centre !== batch.neighbours[at])).toBe(true);
    expect(() => skipGrams({ ...options, tokens: tokensInMemory([1]) })).toThrow('1 tokens have no neighbours');
  });
});
