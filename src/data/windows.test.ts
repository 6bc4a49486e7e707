import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchSource } from './batch.js';
import { sliceTokens, tokensInMemory } from './token-store.js';
import { epochWindows, evaluationWindows, randomWindows } from './windows.js';

const counting = (length: number) => tokensInMemory(Array.from({ length }, (_, i) => i));
const options = { tokens: counting(1000), batchSize: 4, contextLength: 16, seed: 3 };
const sources = {
  randomWindows,
  epochWindows,
  'epochWindows in order': (settings: typeof options) => epochWindows({ ...settings, shuffle: false }),
};

/** First tokens of the windows of `count` batches. */
const starts = (source: BatchSource, count: number): number[] =>
  Array.from({ length: count }, () => {
    const { tokens } = source.next();
    return Array.from({ length: source.batchSize }, (_, row) => tokens[row * (source.contextLength + 1)]!);
  }).flat();

for (const [name, create] of Object.entries(sources)) {
  describe(name, () => {
    it('gives windows of consecutive tokens, all of which count', () => {
      const { tokens, mask } = create(options).next();
      expect([tokens.length, mask.length]).toEqual([4 * 17, 4 * 16]);
      for (let i = 0; i < tokens.length; i++) if (i % 17 > 0) expect(tokens[i]).toBe(tokens[i - 1]! + 1);
      expect(mask.every((value) => value === 1)).toBe(true);
    });

    it('resumed equals unbroken, from any point', () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 2 ** 40 }), (before, seed) => {
          const unbroken = create({ ...options, seed });
          starts(unbroken, before);
          const resumed = create({ ...options, seed });
          resumed.restore(JSON.parse(JSON.stringify(unbroken.state())) as never);
          expect(starts(resumed, 20)).toEqual(starts(unbroken, 20));
        }),
        { numRuns: 30 },
      );
    });

    it('refuses a position in other data, or of another source', () => {
      const saved = create({ ...options, tokens: counting(999) }).state();
      expect(() => create(options).restore(saved)).toThrow(
        'The saved position is one in other data: tokens were the number 999 then and are 1000 now',
      );
      expect(() => create(options).restore({ row: 3 })).toThrow(/has no counter/);
    });

    it('refuses tokens that do not fill one window', () => {
      expect(() => create({ ...options, tokens: counting(16) })).toThrow(
        '16 tokens do not fill one window of 16 and its target',
      );
      expect(create({ ...options, tokens: counting(17) }).next().tokens[16]).toBe(16);
    });

    it('says what it is', () => {
      expect(create(options).describe()).toMatch(/4 .*windows of 16 from 1,000 tokens/);
      expect(create(options).tokensPerBatch).toBe(64);
    });
  });
}

describe('randomWindows', () => {
  it('reaches every position about equally often', () => {
    const seen = new Map<number, number>();
    for (const start of starts(randomWindows({ ...options, tokens: counting(36) }), 1000)) {
      seen.set(start, (seen.get(start) ?? 0) + 1);
    }
    expect([...seen.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    for (const count of seen.values()) expect(Math.abs(count - 200)).toBeLessThan(75);
  });
});

describe('epochWindows', () => {
  it('gives every window once an epoch, in another order in each', () => {
    const drawn = starts(epochWindows(options), 31);
    const epochs = [drawn.slice(0, 62), drawn.slice(62, 124)];
    const sorted = Array.from({ length: 62 }, (_, i) => i * 16);
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(sorted);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[0]).not.toEqual(sorted);
    expect(starts(epochWindows({ ...options, shuffle: false }), 31)).toEqual([...sorted, ...sorted]);
  });
});

describe('evaluationWindows', () => {
  it('covers all tokens once, whatever the batch size, and fills up with rows that do not count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 400 }), fc.integer({ min: 1, max: 9 }), (length, batchSize) => {
        const list = evaluationWindows({ tokens: counting(length), batchSize, contextLength: 16 });
        const counted: number[] = [];
        const batches = [...list];
        for (const { tokens, mask } of batches) {
          expect(tokens.length).toBe(batchSize * 17);
          mask.forEach((value, i) => {
            if (value === 1) counted.push(tokens[Math.floor(i / 16) * 17 + (i % 16) + 1]!);
          });
        }
        expect(counted).toEqual(Array.from({ length: Math.floor((length - 1) / 16) * 16 }, (_, i) => i + 1));
        expect([batches.length, counted.length]).toEqual([list.length, list.targets]);
        expect([...list]).toEqual(batches);
      }),
    );
  });

  it('takes fewer windows from all over the text', () => {
    const list = evaluationWindows({ tokens: counting(1601), batchSize: 2, contextLength: 16, maximumWindows: 4 });
    expect([...list].flatMap(({ tokens }) => [tokens[0], tokens[17]])).toEqual([0, 400, 800, 1200]);
    expect(list.describe()).toContain('4 of 100 windows');
  });
});

it('a slice reads the tokens of its stretch', () => {
  const slice = sliceTokens(counting(100), 40, 60);
  const read = new Int32Array(5);
  slice.readInto(3, read);
  expect([slice.length, ...read]).toEqual([20, 43, 44, 45, 46, 47]);
});
