import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gpt } from '../families/autoregressive/gpt.js';
import { initialise, leavesOf } from '../nn/parameters.js';
import { Engine, type Store } from '../runtime/engine.js';
import { trainStepsOn } from '../training/backend.js';
import { Trainer } from '../training/trainer.js';
import { bestOfN, bestOfNKl } from './best-of-n.js';
import { groupIntoBatches } from './group-batches.js';
import {
  MOST_ANSWERS,
  type RankedExample,
  groupOf,
  pairCapacity,
  pairsOf,
  rewardBatch,
  rewardSource,
  usableRankings,
} from './reward-batches.js';
import { type Scorer, createScorer, normaliseScores, pairAccuracy, rewardPhase } from './reward-model.js';
import { scalarModel } from './scalar-model.js';

const model = scalarModel(gpt({ vocabularySize: 12, contextLength: 8, layers: 1, heads: 2, width: 16 }));
const shape = { answers: 12, rows: 6, time: 16, padToken: 11 };
const sequence = (...ids: number[]): Int32Array => Int32Array.from(ids);

/** Answers are better the more 3s they hold; the second prompt has a tie. */
const ranking = (prompt: number, counts: readonly number[]): RankedExample => ({
  sequences: counts.map((count) =>
    sequence(prompt, ...Array.from({ length: 4 }, (_, index) => (index < count ? 3 : 4))),
  ),
  ranks: counts.map((count) => 4 - count),
});

let engine: Engine;
let store: Store;
let scorer: Scorer;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
  const leaves = leavesOf(model.parameters);
  store = await engine.createStore({ leaves, trainable: true });
  await store.write(initialise(model.parameters, 1));
  scorer = await createScorer({ engine, model, store, longest: 8, padToken: 11 });
});
afterAll(() => engine.dispose());

describe('rankings as batches', () => {
  it('makes all C(K, 2) pairs of a ranking without ties, and none between equals', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 2, maxLength: 9 }), (ranks) => {
        const pairs = pairsOf(ranks);
        for (const [better, worse] of pairs) expect(ranks[better]).toBeLessThan(ranks[worse]!);
        const ties = ranks.flatMap((rank, i) => ranks.slice(i + 1).filter((other) => other === rank)).length;
        expect(pairs.length + ties).toBe((ranks.length * (ranks.length - 1)) / 2);
      }),
    );
  });

  it('gives every prompt the same weight, however many answers it has', () => {
    const batch = rewardBatch([ranking(1, [0, 1, 2, 3, 4]), ranking(2, [1, 2])], shape);
    const weights = [...batch.weight].filter((weight) => weight > 0);
    expect(weights).toHaveLength(11);
    expect(weights.slice(0, 10).reduce((a, b) => a + b, 0)).toBeCloseTo(0.5, 6);
    expect(weights[10]).toBeCloseTo(0.5, 6);
  });

  it('counts an answer as often as it was given', () => {
    const once = ranking(1, [0, 3, 4]);
    const { weight, better, worse } = rewardBatch([{ ...once, counts: [1, 2, 5] }], shape);
    // 2 · 1, 5 · 1 and 5 · 2 of 17 pairs.
    expect([...weight.slice(0, 4)].map((share) => Math.round(17 * share))).toEqual([2, 5, 10, 0]);
    expect([...better.slice(0, 3)]).toEqual([1, 2, 2]);
    expect([...worse.slice(0, 3)]).toEqual([0, 0, 1]);
  });

  it('keeps the answers of a prompt together and fits every batch', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: MOST_ANSWERS }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const examples = sizes.map((size, index) =>
          ranking(
            index % 10,
            Array.from({ length: size }, (_, at) => at % 5),
          ),
        );
        const batches = groupIntoBatches(examples, shape, groupOf);
        expect(batches.flat()).toEqual(examples);
        for (const batch of batches) {
          const answers = batch.reduce((count, { sequences }) => count + sequences.length, 0);
          expect(answers).toBeLessThanOrEqual(shape.answers);
          expect(() => rewardBatch(batch, shape)).not.toThrow();
          expect(batch.reduce((pairs, { ranks }) => pairs + pairsOf(ranks).length, 0)).toBeLessThanOrEqual(
            pairCapacity(shape.answers),
          );
        }
      }),
    );
  });

  it('leaves out what says nothing or does not fit, and counts it', () => {
    const long = { sequences: [new Int32Array(9), new Int32Array(3)], ranks: [0, 1] };
    const partly = {
      sequences: [new Int32Array(3), new Int32Array(9), new Int32Array(4)],
      ranks: [2, 0, 1],
      counts: [5, 6, 7],
    };
    const given = [ranking(1, [2, 2]), ranking(1, [1, 2]), long, partly];
    const { usable, allTied, tooLong, longAnswers } = usableRankings(given, 8);
    expect([usable.length, allTied, tooLong, longAnswers]).toEqual([2, 1, 1, 2]);
    expect(usable[1]).toEqual({ sequences: [new Int32Array(3), new Int32Array(4)], ranks: [2, 1], counts: [5, 7] });
  });
});

it('scores sequences that begin alike as it scores each alone', async () => {
  const sequences = [
    sequence(1, 2, 3, 4),
    sequence(1, 2, 3, 5),
    sequence(1, 2, 3, 5),
    sequence(1, 2, 3, 4, 6, 7),
    sequence(9),
    sequence(9, 9),
  ];
  const together = await scorer.score(sequences);
  for (const [index, each] of sequences.entries()) {
    const [alone] = await scorer.score([each]);
    expect(together[index]).toBeCloseTo(alone!, 4);
  }
});

describe("the reward model's details", () => {
  it('R1: the reward is read at the last token, whatever follows it', async () => {
    const [alone] = await scorer.score([sequence(1, 3, 4)]);
    const wide = await createScorer({ engine, model, store, rows: 4, longest: 6, padToken: 7 });
    const among = await wide.score([sequence(5, 5, 5, 5, 5, 5), sequence(1, 3, 4), sequence(2)]);
    expect(among[1]).toBeCloseTo(alone!, 4);
    const [changed] = await scorer.score([sequence(1, 3, 5)]);
    expect(changed).not.toBeCloseTo(alone!, 4);
  });

  it('R2: the head starts as N(0, 1/(width + 1)) without bias', () => {
    const wide = scalarModel(gpt({ vocabularySize: 4, contextLength: 4, layers: 1, heads: 1, width: 4096 }));
    const values = initialise({ scalar: wide.parameters.scalar }, 2);
    const weight = values['scalar.weight']!;
    const deviation = Math.sqrt(weight.reduce((sum, value) => sum + value * value, 0) / weight.length);
    expect(deviation * Math.sqrt(4097)).toBeGreaterThan(0.95);
    expect(deviation * Math.sqrt(4097)).toBeLessThan(1.05);
    expect([...values['scalar.bias']!]).toEqual([0]);
  });

  it('R3: scores of reference answers are shifted and scaled to mean 0 and deviation 1', async () => {
    const reference = Array.from({ length: 40 }, (_, index) =>
      sequence(index % 11, (index * 7) % 11, (index * 3) % 10),
    );
    await normaliseScores({ scorer, store, reference });
    const scores = await scorer.score(reference);
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
    expect(mean).toBeCloseTo(0, 4);
    expect(deviation).toBeCloseTo(1, 3);
  });

  it('R6b: one reference has no spread to scale by, and is only moved to 0', async () => {
    const others = [sequence(1, 3, 4), sequence(2, 3, 3)];
    const gap = async () => {
      const [first, second] = await scorer.score(others);
      return first! - second!;
    };
    const before = await gap();
    const reference = [sequence(5, 3, 3)];
    await normaliseScores({ scorer, store, reference });
    expect((await scorer.score(reference))[0]).toBeCloseTo(0, 4);
    expect(await gap()).toBeCloseTo(before, 3);
  });
});

it('learns an order and reports its accuracy on held-out pairs with an error bar', async () => {
  const train = Array.from({ length: 40 }, (_, index) =>
    ranking(index % 8, [index % 4, (index + 1) % 5, (index + 3) % 5]),
  );
  const heldOut = [8, 9, 10].map((prompt) => ranking(prompt, [0, 1, 2, 3, 4]));
  const source = rewardSource(train, { ...shape, seed: 1 });
  const trainer = await Trainer.create({
    stores: { model: store },
    phases: [rewardPhase({ model, source, shape })],
    createStep: trainStepsOn(engine),
    settings: { steps: 120, schedule: { learningRate: 3e-3 } },
  });
  for (let step = 0; step < 120; step++) await trainer.step();
  const { accuracy, standardError, prompts, pairs } = await pairAccuracy(scorer, heldOut);
  expect(accuracy).toBeGreaterThan(0.95);
  expect(standardError).toBeLessThan(0.1);
  expect([prompts, pairs]).toEqual([3, 30]);
}, 60_000);

it('best of n keeps the answer that scores highest', async () => {
  const best = await bestOfN([['a', 'ccc', 'bb'], ['d'], ['ee', 'f']], (all) => all.map((text) => text.length));
  expect(best).toEqual([1, 0, 0]);
  expect(bestOfNKl(1)).toBe(0);
  expect(bestOfNKl(4)).toBeCloseTo(Math.log(4) - 0.75, 12);
});
