import { packBestFit } from '../data/packing.js';
import { mean, standardErrorOf } from '../data/statistics.js';
import type { Engine, Store } from '../runtime/engine.js';
import {
  type Tensor,
  add,
  cast,
  float32,
  gather,
  greater,
  int32,
  logSigmoid,
  mul,
  neg,
  square,
  sub,
  sum,
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
  score(sequences: readonly Int32Array[], options?: { signal?: AbortSignal }): Promise<Float32Array>;
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
    score: async (sequences, { signal } = {}) => {
      const scores = new Float32Array(sequences.length);
      const groups = neighboursOfOnePrompt(sequences, shape.time);
      // Whole rows at a time: packed once, then cut into as many as the program takes.
      const packed = packBestFit(groups.map(tokensOf), shape.time);
      for (let start = 0; start < packed.length; start += rows) {
        signal?.throwIfAborted();
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

/** Scores every answer and holds the order of each prompt against its ranks. */
export async function pairAccuracy(
  scorer: Scorer,
  examples: readonly RankedExample[],
  options?: { signal?: AbortSignal },
): Promise<PairAccuracy> {
  const scores = await scorer.score(
    examples.flatMap(({ sequences }) => sequences),
    options,
  );
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
    if (right.length > 0) shares.push(mean(right));
  }
  const prompts = shares.length;
  const standardError = prompts < 2 ? null : standardErrorOf(shares);
  return { accuracy: prompts === 0 ? 0 : mean(shares), standardError, prompts, pairs };
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
  const centre = mean(scores);
  const standardDeviation = Math.sqrt(mean(Float64Array.from(scores, (score) => (score - centre) ** 2)));
  const values = await options.store.read();
  const gain = standardDeviation < 1e-6 ? 1 : 1 / standardDeviation;
  const bias = values['scalar.bias']!;
  const weight = values['scalar.weight']!;
  await options.store.write({
    'scalar.weight': weight.map((value) => value * gain),
    'scalar.bias': bias.map((value) => (value - centre) * gain),
  });
  return { mean: centre, standardDeviation };
}
