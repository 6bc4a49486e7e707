import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largest } from './largest.js';
import { samplingSettings } from './options.js';
import {
  type Distribution,
  distribution,
  draw,
  logProbOf,
  logSumExp,
  penalise,
  topLogProbs,
  uniformAt,
} from './samplers.js';

/** Logits with ties among them. */
const logitsOf = (least = 1, most = 200) =>
  fc
    .array(fc.oneof(fc.double({ min: -20, max: 20, noNaN: true }), fc.integer({ min: -3, max: 3 })), {
      minLength: least,
      maxLength: most,
    })
    .map((values) => Float32Array.from(values));
const temperatures = fc.double({ min: 0.1, max: 3, noNaN: true });

const softmax = (logits: ArrayLike<number>, temperature = 1): number[] => {
  const list = Array.from(logits);
  const greatest = Math.max(...list);
  const weights = list.map((logit) => Math.exp((logit - greatest) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};
/** Ids by falling logit, the lower id first among equals. */
const ranked = (logits: Float32Array): number[] => [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
const renormalised = (probabilities: number[]): number[] => {
  const total = probabilities.reduce((a, b) => a + b, 0);
  return probabilities.map((probability) => probability / total);
};

/** The three filters by their definitions, with a sort and no shortcuts. */
function bruteForce(
  logits: Float32Array,
  { temperature, topK, topP, minP }: { temperature: number; topK: number; topP: number; minP: number },
): Map<number, number> {
  let ids = ranked(logits);
  if (topK > 0) ids = ids.slice(0, topK);
  let p = softmax(ids.map((id) => logits[id]!), temperature); // prettier-ignore
  if (topP < 1) {
    let mass = 0;
    const needed = p.findIndex((probability) => (mass += probability) >= topP);
    const kept = needed < 0 ? p.length : needed + 1;
    [ids, p] = [ids.slice(0, kept), renormalised(p.slice(0, kept))];
  }
  const kept = p.filter((probability) => probability >= minP * p[0]!).length;
  return new Map(renormalised(p.slice(0, Math.max(1, kept))).map((probability, index) => [ids[index]!, probability]));
}

const asMap = ({ ids, probabilities }: Distribution): Map<number, number> =>
  new Map(Array.from(ids, (id, index) => [id, probabilities[index]!]));

describe('largest', () => {
  it('is the head of a full sort, ties by lower index', () => {
    fc.assert(
      fc.property(logitsOf(1, 300), fc.nat(320), (values, count) => {
        expect([...largest(values, count)]).toEqual(ranked(values).slice(0, count));
      }),
    );
  });
});

describe('distribution', () => {
  it('equals the definitions of temperature, top-k, top-p and min-p', () => {
    const shares = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        logitsOf(1, 400),
        temperatures,
        fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 420 })),
        fc.oneof(fc.constant(1), shares),
        fc.oneof(fc.constant(0), shares),
        (logits, temperature, topK, topP, minP) => {
          const options = { temperature, topK, topP, minP };
          const expected = bruteForce(logits, options);
          const actual = asMap(distribution(logits, options));
          // A sum at the very border of top-p may round to either side.
          fc.pre(actual.size === expected.size || topP === 1);
          expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
          for (const [id, probability] of expected) expect(actual.get(id)).toBeCloseTo(probability, 9);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('at temperature 0 is the most probable token, the first of equals', () => {
    fc.assert(
      fc.property(logitsOf(), (logits) => {
        const { ids, probabilities } = distribution(logits, { temperature: 0 });
        expect([...ids]).toEqual([logits.indexOf(Math.max(...logits))]);
        expect([...probabilities]).toEqual([1]);
      }),
    );
  });

  it('never sorts more of a large vocabulary than the nucleus needs, and finds a wide nucleus all the same', () => {
    const flat = new Float32Array(50_257);
    expect(distribution(flat, { temperature: 1, topP: 0.5 }).ids.length).toBe(Math.ceil(50_257 / 2));
    const peaked = Float32Array.from({ length: 50_257 }, (_, id) => (id === 40_000 ? 30 : 0));
    expect([...distribution(peaked, { temperature: 1, topP: 0.9 }).ids]).toEqual([40_000]);
  });
});

describe('draw', () => {
  it('takes the token whose stretch of the unit interval holds the number', () => {
    fc.assert(
      fc.property(
        logitsOf(1, 50),
        temperatures,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (logits, temperature, uniform) => {
          // prettier-ignore
          const { ids, probabilities } = distribution(logits, { temperature });
          const id = draw({ ids, probabilities }, uniform);
          const at = ids.indexOf(id);
          const before = probabilities.slice(0, at).reduce((a, b) => a + b, 0);
          expect(uniform).toBeGreaterThanOrEqual(before - 1e-9);
          expect(uniform).toBeLessThanOrEqual(before + probabilities[at]! + 1e-9);
          expect(probabilities[at]).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('has the frequencies of the distribution (chi-square)', () => {
    const logits = Float32Array.of(1, 0, -1, 2, 0.5, -Infinity);
    const target = distribution(logits, { temperature: 0.8 });
    const count = 20_000;
    const seen = new Float64Array(6);
    for (let step = 0; step < count; step++) {
      const id = draw(target, uniformAt({ seed: 5, row: 3, sample: 0 }, step));
      seen[id] = seen[id]! + 1;
    }
    const chiSquare = [0, 1, 2, 3, 4].reduce((total, id) => {
      const expected = count * target.probabilities[id]!;
      return total + (seen[id]! - expected) ** 2 / expected;
    }, 0);
    expect(seen[5]).toBe(0);
    // The 99.9% point at four degrees of freedom.
    expect(chiSquare).toBeLessThan(18.5);
  });
});

describe('penalise', () => {
  const settings = (options: Parameters<typeof samplingSettings>[0]) => samplingSettings(options);

  it('repetition: divides positive and multiplies negative logits of tokens seen in prompt or answer', () => {
    const result = penalise(Float32Array.of(2, -2, 4, -4, 0), settings({ repetitionPenalty: 2 }), {
      prompt: [0, 1, 0],
      generated: [1, 2],
    });
    expect([...result]).toEqual([1, -4, 2, -4, 0]);
  });

  it('frequency and presence: count of the answer alone', () => {
    const result = penalise(Float32Array.of(1, 1, 1), settings({ frequencyPenalty: 0.5, presencePenalty: 0.25 }), {
      prompt: [0, 0],
      generated: [1, 2, 2],
    });
    expect([...result]).toEqual([1, 0.25, -0.25]);
  });

  it('logit bias: by id, and refuses ids outside the vocabulary', () => {
    const history = { prompt: [0], generated: [] };
    expect([...penalise(Float32Array.of(1, 2), settings({ logitBias: { 1: -3 } }), history)]).toEqual([1, -1]);
    expect(() => penalise(Float32Array.of(1, 2), settings({ logitBias: { 2: 1 } }), history)).toThrow(/no id 2/);
  });

  it('leaves the input alone', () => {
    const logits = Float32Array.of(1, 2);
    penalise(logits, settings({ repetitionPenalty: 3, logitBias: { 0: 1 } }), { prompt: [0, 1], generated: [0] });
    expect([...logits]).toEqual([1, 2]);
  });
});

describe('log-probabilities', () => {
  it('are those of the full distribution, and sum to 1', () => {
    fc.assert(
      fc.property(logitsOf(), temperatures, (logits, temperature) => {
        const expected = softmax(logits, temperature);
        const actual = Array.from(logits, (_, id) => Math.exp(logProbOf(logits, id, temperature)));
        actual.forEach((probability, id) => expect(probability).toBeCloseTo(expected[id]!, 9));
        expect(actual.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('have the most probable tokens as alternatives', () => {
    const logits = Float32Array.of(0, 3, 1, 3);
    const top = topLogProbs(logits, 3);
    expect(top.map(({ id }) => id)).toEqual([1, 3, 2]);
    for (const { id, logProb } of top) expect(logProb).toBeCloseTo(logits[id]! - logSumExp(logits), 12);
  });

  it('stay finite where probabilities vanish', () => {
    expect(logProbOf(Float32Array.of(0, 1000), 0)).toBe(-1000);
  });
});

describe('uniformAt', () => {
  it('is a function of seed, row, sample and step, each of which matters', () => {
    const base = { seed: 2 ** 40 + 1, row: 2, sample: 3 };
    const value = uniformAt(base, 4);
    expect(uniformAt({ ...base }, 4)).toBe(value);
    const others = [
      uniformAt({ ...base, seed: 1 }, 4),
      uniformAt({ ...base, row: 3 }, 4),
      uniformAt({ ...base, sample: 2 }, 4),
      uniformAt(base, 5),
    ];
    for (const other of others) expect(other).not.toBe(value);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
    expect(Math.fround(value)).toBe(value);
  });
});

describe('samplingSettings', () => {
  it('refuses impossible settings by their key', () => {
    expect(() => samplingSettings({ temperature: -1 })).toThrow(/sampling\.temperature/);
    expect(() => samplingSettings({ topP: 0 })).toThrow(/sampling\.topP/);
    expect(() => samplingSettings({ logitBias: { x: 1 } })).toThrow(/sampling\.logitBias\.x/);
  });
});
