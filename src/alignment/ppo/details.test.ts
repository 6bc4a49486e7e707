import { describe, expect, it } from 'vitest';
import { gpt } from '../../families/autoregressive/gpt.js';
import { initialise } from '../../nn/parameters.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { rowArrays, rowSpec } from '../answer-rows.js';
import { constant, logProbOf, trace } from '../../tensor/index.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { learningRateAt, scheduleSchema } from '../../training/schedule.js';
import { scalarModel } from '../scalar-model.js';
import { generalisedAdvantages } from './advantages.js';
import { adaptiveKl, fixedKl, tokenRewards } from './kl.js';
import { logitsAt, policyLoss, valueLoss } from './losses.js';
import { sentencesWithin } from './queries.js';
import { layOut, scoreOrPenalty, truncateResponse } from './responses.js';
import { type Rollout, minibatchOf, minibatchesOf, promptsOf } from './rollouts.js';
import { ppoSchema } from './settings.js';
import { whiten } from './whiten.js';

/**
 * The implementation details of RLHF with PPO that were found to matter (Huang et al. 2023, who read them out of
 * lm-human-preferences), each by its name. Those of the reward model's training are in ../reward-model.test.ts.
 */

const model = gpt({ vocabularySize: 11, contextLength: 16, layers: 2, heads: 2, width: 8, initialisation: 0.5 });
const values = initialise(model.parameters, 3);

/** Log-probabilities of answer tokens by the float64 interpreter. */
function logProbsOf(samples: { prompt: Int32Array; response: Int32Array }[], time: number, temperature = 1): number[] {
  const shape = { rows: 2, time, padToken: 10 };
  const layout = layOut(samples, { ...shape, responseLength: 3 });
  const perToken = { shape: [samples.length * 3], dtype: 'int32' as const };
  const graph = trace(
    ({ parameters, batch }) => ({
      out: logProbOf(logitsAt(model, parameters as never, batch as never, temperature), batch.targets),
    }),
    { parameters: model.parameters, batch: { ...rowSpec(shape), states: perToken, targets: perToken } },
  );
  const { states, targets, mask } = layout;
  const inputs = { parameters: values, batch: { ...rowArrays(layout), states, targets } };
  const named = Object.fromEntries(
    Object.entries(inputs).flatMap(([part, arrays]) =>
      Object.entries(arrays).map(([path, data]) => [`${part}.${path}`, data]),
    ),
  );
  const out = [...evaluate(graph, named)['out']!];
  return out.filter((_, index) => mask[index] === 1);
}

const sample = { prompt: Int32Array.of(1, 2, 3), response: Int32Array.of(4, 5) };
const config = ppoSchema.parse({ rolloutSize: 4, minibatchSize: 2, maxTokens: 3, whitenAdvantages: false });
const shape = { rows: 2, time: 8, padToken: 10 };

function rollout(): Rollout {
  const samples = [2, 3, 1, 2].map((length, row) => ({
    prompt: { ids: Int32Array.of(row + 1, 7), messages: [] },
    response: Int32Array.from({ length }, (_, step) => step + 4),
    answer: '',
    finished: true,
  }));
  const mask = Float32Array.from({ length: 12 }, (_, index) =>
    index % 3 < samples[Math.floor(index / 3)]!.response.length ? 1 : 0,
  );
  const fill = (scale: number): Float32Array => mask.map((on, index) => on * scale * (index + 1));
  return {
    iteration: 0,
    samples,
    mask,
    scores: Float32Array.of(1, -1, 2, 0.5),
    logProbs: fill(-0.1),
    referenceLogProbs: fill(-0.2),
    values: fill(0.05),
    kl: new Float32Array(4),
    klCoefficient: 0.5,
  };
}

describe('general details', () => {
  it('G1: the reward and value models see the query and the response together', () => {
    const { tokens, states } = layOut([sample], { ...shape, rows: 1, responseLength: 3 });
    expect([...tokens]).toEqual([1, 2, 3, 4, 5, 10, 10, 10]);
    expect([...states]).toEqual([2, 3, 0]);
    const { policy, value } = minibatchOf(rollout(), [1, 3], { config, shape });
    expect(value['tokens']).toEqual(policy['tokens']);
    expect([...policy['tokens']!]).toEqual([2, 7, 4, 5, 6, 10, 10, 10, 4, 7, 4, 5, 10, 10, 10, 10]);
  });

  it('G2: padding is a token of its own, never the end of text or of a turn', async () => {
    const tokenizer = await trainTokenizer({ text: ['a text to learn byte pairs from'], vocabSize: 270 });
    const pad = tokenizer.idOf(CONTROL.pad);
    expect([CONTROL.end, CONTROL.endOfText].map((name) => tokenizer.idOf(name))).not.toContain(pad);
    expect([...tokenizer.encode(CONTROL.pad)]).not.toContain(pad);
  });

  it('G3: positions count from 0 in every sample, so nothing depends on the padding or on neighbours', () => {
    const alone = logProbsOf([sample], 5);
    const other = { prompt: Int32Array.of(9, 8, 7, 6, 5, 4), response: Int32Array.of(1, 2, 3) };
    // In a row of its own with padding, and behind another in the same row.
    for (const time of [12, 16]) {
      const among = logProbsOf([sample, other], time);
      among.slice(0, 2).forEach((logProb, index) => expect(logProb).toBeCloseTo(alone[index]!, 10));
    }
  });

  it('G4: sampling can run to a fixed length without stopping at the end token', () => {
    expect(ppoSchema.parse({ stopAtEnd: false }).stopAtEnd).toBe(false);
    // What was sampled past the end is cut off afterwards, whatever it is.
    const { ids, finished } = truncateResponse(Int32Array.of(4, 9, 5, 9, 6), { endToken: 9 });
    expect([...ids]).toEqual([4, 9]);
    expect(finished).toBe(true);
  });

  it('G5: the learning rate falls in a line to 0', () => {
    const schedule = scheduleSchema.parse({ kind: 'linear', learningRate: 1, finalFraction: 0 });
    const rates = [1, 2, 3, 4].map((step) => learningRateAt(schedule, step, 4));
    expect(rates).toEqual([1, 0.75, 0.5, 0.25]);
  });

  it('G6: every run and every round draws from a stream of its own', () => {
    const all = Array.from({ length: 50 }, (_, index) => index);
    const round = (iteration: number, seed: number): number[] =>
      promptsOf(all, iteration, { rolloutSize: 50, samplesPerPrompt: 1, seed });
    const orders = [round(0, 1), round(1, 1), round(0, 2)];
    expect(new Set(orders.map((order) => order.join())).size).toBe(3);
    for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual(all);
    expect(round(1, 1)).toEqual(orders[1]);
  });
});

describe("PPO's details", () => {
  it('P1: log-probabilities are taken at the sampling temperature', () => {
    const [plain] = logProbsOf([sample], 8, 1);
    const [sharp] = logProbsOf([sample], 8, 0.5);
    expect(sharp).not.toBeCloseTo(plain!, 3);
    // At a very high temperature every token is as likely as any other.
    expect(logProbsOf([sample], 8, 1e6)[0]).toBeCloseTo(-Math.log(11), 4);
  });

  it('P2: a value model without a reward model to start from says 0 everywhere', () => {
    const fresh = initialise(scalarModel(model, { zeroHead: true }).parameters, 1);
    expect([...fresh['scalar.weight']!, ...fresh['scalar.bias']!].every((value) => value === 0)).toBe(true);
  });

  it('P3: queries from running text begin after a period and end with one', () => {
    const period = new Set([13]);
    expect([...sentencesWithin(Int32Array.of(5, 13, 6, 7, 13, 8, 13, 9), period)!]).toEqual([6, 7, 13, 8, 13]);
    expect(sentencesWithin(Int32Array.of(5, 13, 6), period)).toBeUndefined();
  });

  it('P4: dropout is off in every model', () => {
    const dropping = gpt({ ...model.config, dropout: 0.5 });
    const at = (which: typeof model) =>
      trace(({ parameters, batch }) => ({ out: logitsAt(which, parameters as never, batch as never, 1) }), {
        parameters: which.parameters,
        batch: { ...rowSpec({ rows: 1, time: 4 }), states: { shape: [1], dtype: 'int32' as const } },
      });
    const ops = (which: typeof model): string[] => {
      const seen = new Set<object>();
      const visit = (tensor: ReturnType<typeof at>['outputs'][number]['tensor']): string[] => {
        if (seen.has(tensor.node)) return [];
        seen.add(tensor.node);
        return [tensor.node.op, ...tensor.node.inputs.flatMap(visit)];
      };
      return visit(at(which).outputs[0]!.tensor).sort();
    };
    expect(ops(dropping)).toEqual(ops(model));
  });

  it('P5: an answer is cut at the first end token after a position, and one without any gets a fixed score', () => {
    const ids = Int32Array.of(9, 4, 9, 5, 9);
    expect([...truncateResponse(ids, { endToken: 9, after: 2 }).ids]).toEqual([9, 4, 9]);
    const open = truncateResponse(Int32Array.of(4, 5, 6), { endToken: 9 });
    expect(open.finished).toBe(false);
    expect(scoreOrPenalty(3, open.finished, -1)).toBe(-1);
    expect(scoreOrPenalty(3, true, -1)).toBe(3);
    expect(scoreOrPenalty(3, false, null)).toBe(3);
  });

  it('P6: the discount is 1: without values, every token of an answer has its whole return', () => {
    expect(ppoSchema.parse({}).gamma).toBe(1);
    const { returns } = generalisedAdvantages(Float32Array.of(0, 0, 2), new Float32Array(3), { gamma: 1, lambda: 1 });
    expect([...returns]).toEqual([2, 2, 2]);
  });

  it('P7: every epoch sees all answers once, in minibatches of a fresh order', () => {
    const batches = minibatchesOf(rollout(), { config: { ...config, epochs: 3 }, shape });
    expect(batches).toHaveLength(6);
    // Every prompt is a number of its own and a 7.
    const prompts = batches.map(({ policy: { tokens } }) => [...tokens!].filter((_, at) => tokens![at + 1] === 7));
    const epochs = [0, 2, 4].map((start) => prompts.slice(start, start + 2).flat());
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([1, 2, 3, 4]);
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBeGreaterThan(1);
  });

  it('P8: the KL penalty is paid at every token, the score comes at the last alone', () => {
    const rewards = tokenRewards({
      logProbs: Float32Array.of(-1, -2, -3),
      referenceLogProbs: Float32Array.of(-2, -2.5, -2),
      score: 5,
      coefficient: 0.5,
    });
    expect([...rewards]).toEqual([-0.5, -0.25, 5.5]);
  });

  it('P9: rewards are whitened around their mean, advantages to mean 0, by the biased variance', () => {
    const rewards = Float32Array.from({ length: 9 }, (_, index) => 1.2 + 0.1 * index);
    const kept = whiten(rewards, { shiftMean: false });
    [0.0508, 0.4381, 0.8254].forEach((value, index) => expect(kept[index]).toBeCloseTo(value, 4));
    const centred = whiten(rewards);
    expect(centred.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 5);
    expect(centred.reduce((a, b) => a + b * b, 0) / 9).toBeCloseTo(1, 4);
    const masked = whiten(Float32Array.of(1, 100, 3), { mask: Float32Array.of(1, 0, 1) });
    expect([...masked]).toEqual([expect.closeTo(-1, 5), 0, expect.closeTo(1, 5)]);
  });

  it('P10: a value that has moved too far from its old one is held, and the larger loss counts', () => {
    const graph = trace(
      ({ v, old, target }) => valueLoss(v, { oldValues: old, returns: target, mask: constant([1, 1]) }, 0.2),
      Object.fromEntries(
        ['v', 'old', 'target'].map((name) => [name, { shape: [2], dtype: 'float32' as const }]),
      ) as never,
    );
    // Towards the target from 0 to 1: held at 0.2, whose loss is larger. Away from it: its own loss is larger.
    const out = evaluate(graph, { v: [1, -1], old: [0, 0], target: [1, 1] });
    expect(out['loss']![0]).toBeCloseTo(0.5 * ((0.8 ** 2 + 2 ** 2) / 2), 6);
    expect(out['metrics.valueClipFraction']![0]).toBeCloseTo(0.5, 6);
  });

  it('P11: the adaptive KL coefficient moves by a clipped, proportional step', () => {
    const kl = adaptiveKl({ initial: 0.2, target: 6, horizon: 10_000 });
    kl.update(12, 512);
    expect(kl.coefficient).toBeCloseTo(0.2 * (1 + (0.2 * 512) / 10_000), 10);
    kl.update(5.4, 512);
    expect(kl.coefficient).toBeCloseTo(0.2 * (1 + (0.2 * 512) / 10_000) * (1 - (0.1 * 512) / 10_000), 10);
    const fixed = fixedKl(0.02);
    fixed.update(100, 512);
    expect(fixed.coefficient).toBe(0.02);
  });

  it('clips the surrogate on the side that would pay', () => {
    const names = ['logits', 'old', 'advantages'] as const;
    const graph = trace(
      ({ logits, old, advantages }) =>
        policyLoss(
          logits,
          { targets: constant(Int32Array.of(0, 0)), oldLogProbs: old, advantages, mask: constant([1, 1]) },
          0.2,
        ),
      {
        logits: { shape: [2, 2], dtype: 'float32' as const },
        old: { shape: [2], dtype: 'float32' as const },
        advantages: { shape: [2], dtype: 'float32' as const },
      },
    );
    expect(graph.inputs.map(({ path }) => path)).toEqual([...names]);
    const even = Math.log(0.5);
    // Ratio 2 on both rows: with A = 1 the gain stops at 1.2; with A = -1 the whole loss of 2 counts.
    const out = evaluate(graph, {
      logits: [0, 0, 0, 0],
      old: [even - Math.log(2), even - Math.log(2)],
      advantages: [1, -1],
    });
    expect(out['loss']![0]).toBeCloseTo((-1.2 + 2) / 2, 6);
    expect(out['metrics.clipFraction']![0]).toBeCloseTo(1, 6);
    expect(out['metrics.entropy']![0]).toBeCloseTo(Math.log(2), 6);
    expect(out['metrics.approximateKl']![0]).toBeCloseTo(0.5 * Math.log(2) ** 2, 6);
  });
});
