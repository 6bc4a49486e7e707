import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gpt } from '../../families/autoregressive/gpt.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import { Engine, type Store } from '../../runtime/engine.js';
import { trainStepsOn } from '../../training/backend.js';
import { Trainer } from '../../training/trainer.js';
import type { Answered } from '../answer-rows.js';
import { groupShape } from '../group-batches.js';
import type { RankedExample } from '../reward-batches.js';
import { answerShape } from './answer-log-probs.js';
import { dpo } from './dpo.js';
import { type JudgedExample, kto, voteWeights, votesOf, withForeignAnswers } from './kto.js';
import type { Objective } from './objective.js';
import { heldOutPreference, preferencePhase, referenceLogProbs } from './preference.js';

const model = gpt({ vocabularySize: 12, contextLength: 10, layers: 1, heads: 2, width: 16, initialisation: 0.3 });
const of = (...ids: number[]): Int32Array => Int32Array.from(ids);

let engine: Engine;
let start: Record<string, Float32Array>;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
  start = initialise(model.parameters, 2);
});
afterAll(() => engine.dispose());

async function newStore(): Promise<Store> {
  const store = await engine.createStore({ leaves: leavesOf(model.parameters), trainable: true });
  await store.write(start);
  return store;
}

const shapeFor = (groups: readonly Answered[], answers = 8) =>
  answerShape(groupShape(groups, { answers, longest: 10, padToken: 11 }), groups);

const measured = (store: Store, groups: readonly Answered[]): Promise<number[][]> =>
  referenceLogProbs({ engine, model, store, groups, shape: shapeFor(groups) });

const rankings: RankedExample[] = [
  { sequences: [of(1, 2, 3, 4), of(1, 2, 5), of(1, 2, 6, 7, 8)], ranks: [0, 1, 1], promptLength: 2 },
  { sequences: [of(9, 3), of(9, 4)], ranks: [1, 0], promptLength: 1 },
];

async function fit<Example>(objective: Objective<Example>, examples: readonly Example[], steps: number) {
  const store = await newStore();
  const groups = examples.map(objective.groupOf);
  const shape = shapeFor(groups);
  const reference = await referenceLogProbs({ engine, model, store, groups, shape });
  const { phase } = preferencePhase({ model, objective, examples, reference, shape, seed: 1 });
  const trainer = await Trainer.create({
    stores: { model: store },
    phases: [phase],
    createStep: trainStepsOn(engine),
    settings: { steps, schedule: { kind: 'linear', learningRate: 0.01, finalFraction: 0 }, clipNorm: null },
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await trainer.step()).loss);
  const after = await referenceLogProbs({ engine, model, store, groups, shape });
  const ratios = after.map((answers, group) => answers.map((logProb, index) => logProb - reference[group]![index]!));
  const measure = await heldOutPreference({ engine, model, store, objective, examples, reference, shape });
  return { losses, ratios, held: await measure({}) };
}

describe('log-probabilities of answers', () => {
  it('are the same together, in any order, and alone; and what answers share moves all alike', async () => {
    const store = await newStore();
    const group: Answered = { prompt: of(1, 2), answers: [of(3, 4), of(3, 5, 6), of(7)] };
    const other: Answered = { prompt: of(8), answers: [of(9, 1, 2)] };
    const [together] = await measured(store, [group, other]);
    for (const [index, answer] of group.answers.entries()) {
      const [[alone]] = (await measured(store, [{ prompt: group.prompt, answers: [answer] }])) as [[number]];
      expect(together![index]).toBeCloseTo(alone, 4);
    }
    // log p(3, 4) − log p(3, 5, 6) behind (1, 2) is log p(4) − log p(5, 6) behind (1, 2, 3).
    const [longer] = await measured(store, [{ prompt: of(1, 2, 3), answers: [of(4), of(5, 6)] }]);
    expect(together![0]! - together![1]!).toBeCloseTo(longer![0]! - longer![1]!, 4);
  });
});

describe('DPO and IPO', () => {
  it('DPO begins at log 2 and puts all pairs in order', async () => {
    const { losses, held } = await fit(dpo({ loss: 'sigmoid', beta: 0.5, labelSmoothing: 0 }), rankings, 30);
    expect(losses[0]).toBeCloseTo(Math.log(2), 5);
    expect(losses.at(-1)).toBeLessThan(0.5);
    expect(held['pairAccuracy']).toBeCloseTo(1, 5);
    expect(held['loss']).toBeLessThan(losses.at(-2)!);
  });

  it('IPO stops at a margin of 1 / 2β', async () => {
    const beta = 0.4;
    const pair = { sequences: [of(1, 2, 3), of(1, 2, 4)], ranks: [0, 1] };
    const { ratios } = await fit(dpo({ loss: 'ipo', beta, labelSmoothing: 0 }), [pair], 120);
    expect(ratios[0]![0]! - ratios[0]![1]!).toBeCloseTo(1 / (2 * beta), 1);
  });

  it('smoothed labels stop at the margin that their share of errors has', async () => {
    const [beta, labelSmoothing] = [0.6, 0.2];
    const pair = { sequences: [of(1, 2, 3), of(1, 2, 4)], ranks: [0, 1] };
    const { ratios } = await fit(dpo({ loss: 'sigmoid', beta, labelSmoothing }), [pair], 150);
    const margin = Math.log((1 - labelSmoothing) / labelSmoothing) / beta;
    expect(ratios[0]![0]! - ratios[0]![1]!).toBeCloseTo(margin, 1);
  });
});

describe('KTO', () => {
  const judged: JudgedExample[] = [
    { prompt: of(1, 2), answers: [of(3, 4)], up: [1], down: [0] },
    { prompt: of(1, 2), answers: [of(5)], up: [0], down: [1] },
    { prompt: of(9), answers: [of(6, 7, 8)], up: [1], down: [0] },
  ];

  it('moves good answers up and bad ones down, from single votes', async () => {
    const examples = withForeignAnswers(judged, 10);
    const { losses, ratios } = await fit(kto({ beta: 0.5, upWeight: 1, downWeight: 1 }), examples, 30);
    expect(losses[0]).toBeCloseTo(0.5, 5);
    expect(ratios[0]![0]).toBeGreaterThan(0.5);
    expect(ratios[1]![0]).toBeLessThan(-0.5);
    expect(ratios[2]![0]).toBeGreaterThan(0.5);
  });

  it('every example gets an answer to another prompt, which fits', () => {
    const examples = withForeignAnswers(judged, 10);
    expect(examples).toHaveLength(3);
    for (const { prompt, foreign } of examples) {
      const owner = judged.find(({ answers }) => answers.includes(foreign))!;
      expect([...owner.prompt]).not.toEqual([...prompt]);
    }
    expect(withForeignAnswers(judged, 4)).toHaveLength(1);
    expect(withForeignAnswers(judged.slice(0, 2), 10)).toHaveLength(0);
  });

  it('a ranking gives as many thumbs up as down, and none for a tie', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 9 }), (ranks) => {
        const sequences = ranks.map((_, index) => of(1, index));
        const { up, down, prompt, answers } = votesOf({ sequences, ranks, promptLength: 1 });
        const total = (list: readonly number[]): number => list.reduce((sum, count) => sum + count, 0);
        expect(total(up)).toBe(total(down));
        expect([[...prompt], answers.map((ids) => [...ids])]).toEqual([[1], ranks.map((_, index) => [index])]);
        ranks.forEach((rank, index) => {
          if (rank === Math.min(...ranks)) expect(down[index]).toBe(0);
          if (rank === Math.max(...ranks)) expect(up[index]).toBe(0);
        });
      }),
    );
  });

  it('bad answers weigh as much in all as good ones, unless told otherwise', () => {
    expect(voteWeights(judged, { upWeight: 1, downWeight: null })).toEqual({ upWeight: 1, downWeight: 2 });
    expect(voteWeights(judged, { upWeight: 1, downWeight: 3 })).toEqual({ upWeight: 1, downWeight: 3 });
  });
});
