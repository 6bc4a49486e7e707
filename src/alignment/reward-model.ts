import { packBestFit } from '../data/packing.js';
import type { Engine, Store } from '../runtime/engine.js';
import {
  add,
  gather,
  greater,
  cast,
  logSigmoid,
  mul,
  neg,
  square,
  sub,
  sum,
  type Tensor,
  type TensorSpec,
} from '../tensor/index.js';
import { type Phase, phase } from '../training/phase.js';
import {
  type Answered,
  type RowTensors,
  layOutAnswers,
  rowArrays,
  rowSpec,
  sharedPrompt,
  timeFor,
  tokensOf,
} from './answer-rows.js';
import type { GroupShape } from './group-batches.js';
import { type RankedExample, pairCapacity, pairsOf, type rewardSource } from './reward-batches.js';
import { type ScalarModel, type ScalarParameters } from './scalar-model.js';

const int32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });
const float32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });

const batchSpec = (shape: GroupShape) => {
  const pairs = pairCapacity(shape.answers);
  return {
    ...rowSpec(shape),
    last: int32(shape.answers),
    better: int32(pairs),
    worse: int32(pairs),
    weight: float32(pairs),
  };
};

/**
 * −Σ w log σ(r_better − r_worse), in nats per prompt (InstructGPT, equation 1), and the share of pairs in order. Only
 * differences within a prompt count there, so a little of Σ w (r_better + r_worse)² holds the scores of all prompts
 * around the same 0 (Eisenstein et al. 2023, section 5): PPO compares answers across prompts.
 */
function rankingLoss(
  scores: Tensor,
  pairs: { better: Tensor; worse: Tensor; weight: Tensor },
  centreCoefficient: number,
) {
  const [better, worse] = [gather(scores, pairs.better), gather(scores, pairs.worse)];
  const margin = sub(better, worse);
  const ranking = neg(sum(mul(pairs.weight, logSigmoid(margin))));
  const offset = sum(mul(pairs.weight, square(add(better, worse))));
  return {
    loss: centreCoefficient === 0 ? ranking : add(ranking, mul(offset, centreCoefficient)),
    metrics: {
      rankingLoss: ranking,
      pairAccuracy: sum(mul(pairs.weight, cast(greater(margin, 0), 'float32'))),
    },
  };
}

/** The phase that trains a reward model on rankings. */
export function rewardPhase(options: {
  model: ScalarModel;
  source: ReturnType<typeof rewardSource>;
  shape: GroupShape;
  /** Weight of the pull that centres every prompt's scores on 0. */
  centreCoefficient?: number;
  store?: string;
}): Phase {
  const { model, source, shape, centreCoefficient = 0, store = 'model' } = options;
  return phase({
    name: 'reward',
    store,
    source,
    parameters: model.parameters as never,
    batch: batchSpec(shape),
    loss: (parameters, batch) =>
      rankingLoss(model.at(parameters as ScalarParameters, batch, batch.last), batch, centreCoefficient),
  });
}

/** Scores sequences with a reward model. */
export interface Scorer {
  /** One number a sequence, in the reward model's unit; sequences of any number, each at most `longest` tokens. */
  score(sequences: readonly Int32Array[]): Promise<Float32Array>;
}

/** @param options.store holds the parameters of `model`; read anew at each call */
export async function createScorer(options: {
  engine: Engine;
  model: ScalarModel;
  store: Store;
  rows?: number;
  /** Tokens of the longest sequence. */
  longest: number;
  padToken: number;
}): Promise<Scorer> {
  const { engine, model, store, rows = 16, longest, padToken } = options;
  const shape = { rows, time: timeFor(longest), padToken };
  const program = await engine.compile(
    ({ parameters, batch }: { parameters: ScalarParameters; batch: RowTensors }) => ({
      scores: model.at(parameters, batch),
    }),
    { parameters: model.parameters, batch: rowSpec(shape) } as never,
    { name: 'reward-score' },
  );
  return {
    score: async (sequences) => {
      const scores = new Float32Array(sequences.length);
      const groups = neighboursOfOnePrompt(sequences, shape.time);
      // Whole rows at a time: packed once, then cut into as many as the program takes.
      const packed = packBestFit(groups.map(tokensOf), shape.time);
      for (let start = 0; start < packed.length; start += rows) {
        const chosen = packed.slice(start, start + rows).flatMap((row) => row.map((index) => groups[index]!));
        const laidOut = layOutAnswers(chosen, shape);
        const batch = rowArrays(laidOut);
        const output = (await program.run({ parameters: store, batch })) as { scores: Float32Array };
        chosen.forEach(({ first, answers }, group) => {
          laidOut.places[group]!.forEach(({ answer }, index) => {
            scores[first + index] = output.scores[answer + answers[index]!.length - 1]!;
          });
        });
      }
      return scores;
    },
  };
}

/** Sequences as answers to what they share with their neighbours, where that is worth it; each group fits into a row. */
function neighboursOfOnePrompt(sequences: readonly Int32Array[], time: number): (Answered & { first: number })[] {
  const groups: (Answered & { first: number })[] = [];
  for (let first = 0, end = 1; first < sequences.length; first = end++) {
    let group = sharedPrompt([sequences[first]!]);
    for (; end < sequences.length; end++) {
      const wider = sharedPrompt(sequences.slice(first, end + 1));
      if (tokensOf(wider) > time || wider.prompt.length < sequences[end]!.length / 2) break;
      group = wider;
    }
    groups.push({ ...group, first });
  }
  return groups;
}

/** How well a scorer orders pairs that it was not trained on. */
export interface PairAccuracy {
  /** Mean over prompts of the share of their pairs in order; an equal score counts one half. */
  readonly accuracy: number;
  /** Standard error of that mean over prompts, as pairs of one prompt are not independent; null for one prompt alone. */
  readonly standardError: number | null;
  readonly prompts: number;
  readonly pairs: number;
}

export async function pairAccuracy(scorer: Scorer, examples: readonly RankedExample[]): Promise<PairAccuracy> {
  const scores = await scorer.score(examples.flatMap(({ sequences }) => sequences));
  let start = 0;
  let pairs = 0;
  const shares: number[] = [];
  for (const { sequences, ranks } of examples) {
    const compared = pairsOf(ranks);
    const right = compared.map(([better, worse]) => {
      const margin = scores[start + better]! - scores[start + worse]!;
      return margin > 0 ? 1 : margin === 0 ? 0.5 : 0;
    });
    start += sequences.length;
    pairs += compared.length;
    if (right.length > 0) shares.push(right.reduce<number>((a, b) => a + b, 0) / right.length);
  }
  const count = Math.max(1, shares.length);
  const accuracy = shares.reduce((a, b) => a + b, 0) / count;
  const squares = shares.reduce((total, share) => total + (share - accuracy) ** 2, 0);
  const standardError = count < 2 ? null : Math.sqrt(squares / (count - 1) / count);
  return { accuracy, standardError, prompts: shares.length, pairs };
}

/** "71.0 ± 2.1% of 480 pairs in order (96 prompts)" */
export function describePairAccuracy({ accuracy, standardError, prompts, pairs }: PairAccuracy): string {
  const percent = (share: number): string => (100 * share).toFixed(1);
  const error = standardError === null ? '' : ` ± ${percent(standardError)}`;
  return `${percent(accuracy)}${error}% of ${pairs} pairs in order (${prompts} prompt${prompts === 1 ? '' : 's'})`;
}

/**
 * Shifts and scales the head so that scores of reference sequences have mean 0 and standard deviation 1: reward models
 * are blind to both, and PPO is not. Scores that do not differ, as one alone, are only shifted. Done before training and
 * after it (Ziegler et al. 2019, Ouyang et al. 2022).
 *
 * @returns the mean and standard deviation before
 */
export async function normaliseScores(options: {
  scorer: Scorer;
  store: Store;
  reference: readonly Int32Array[];
}): Promise<{ mean: number; standardDeviation: number }> {
  const scores = await options.scorer.score(options.reference);
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const variance = scores.reduce((total, score) => total + (score - mean) ** 2, 0) / scores.length;
  const standardDeviation = Math.sqrt(variance);
  const values = await options.store.read();
  const gain = standardDeviation < 1e-6 ? 1 : 1 / standardDeviation;
  const bias = values['scalar.bias']!;
  const weight = values['scalar.weight']!;
  await options.store.write({
    'scalar.weight': weight.map((value) => value * gain),
    'scalar.bias': bias.map((value) => (value - mean) * gain),
  });
  return { mean, standardDeviation };
}
