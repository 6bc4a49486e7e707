import { ConfigError } from '../errors.js';
import { groupedEpochs } from '../training/grouped-epochs.js';
import type { TrainingSource } from '../training/phase.js';
import {
  type Answered,
  type RowShape,
  layOutAnswers,
  rowArrays,
  rowsFor,
  sharedPrompt,
  timeFor,
  tokensOf,
} from './answer-rows.js';

/** Answers to one prompt with their ranks, as tokens. */
export interface RankedExample {
  /** Prompt and answer together, K of them. */
  readonly sequences: readonly Int32Array[];
  /** 0 is best; equal ranks are ties. */
  readonly ranks: readonly number[];
  /** How often each answer was given; once unless said. Its pairs count as often, though it is read once. */
  readonly counts?: readonly number[];
}

export interface RewardBatchShape extends RowShape {
  /** Answers per batch, at most. */
  readonly answers: number;
}

/**
 * A shape that holds so many answers of the usual length in few rows, and the longest ranking in any case.
 *
 * @param options.longest tokens of the longest prompt and answer together
 */
export function rewardShape(
  examples: readonly RankedExample[],
  { answers, longest, padToken }: { answers: number; longest: number; padToken: number },
): RewardBatchShape {
  const groups = examples.map(({ sequences }) => sharedPrompt(sequences));
  const time = timeFor(longest, groups);
  const tokens = groups.reduce((sum, group) => sum + tokensOf(group), 0);
  const count = groups.reduce((sum, group) => sum + group.answers.length, 0);
  const usual = Math.ceil((answers * tokens) / Math.max(1, count) / time);
  const rows = groups.reduce((most, group) => Math.max(most, rowsFor([group], time)), usual);
  return { answers, rows, time, padToken };
}

/** At most so many answers of a prompt are compared: the papers rank 4 to 9. */
export const MOST_ANSWERS = 9;

/** Pairs that a batch has room for: as many as its answers can give, were they to as few prompts as possible. */
export const pairCapacity = (answers: number): number => {
  const [groups, rest] = [Math.floor(answers / MOST_ANSWERS), answers % MOST_ANSWERS];
  return (groups * MOST_ANSWERS * (MOST_ANSWERS - 1) + rest * (rest - 1)) / 2;
};

/** Pairs (better, worse) of a ranking; ties make none. */
export function pairsOf(ranks: readonly number[]): (readonly [number, number])[] {
  return ranks.flatMap((rank, better) =>
    ranks.flatMap((other, worse) => (rank < other ? [[better, worse] as const] : [])),
  );
}

/** A batch: answers in rows, the place of each answer's last token, and the pairs with their weights. */
export interface RewardBatch {
  readonly [key: string]: Int32Array | Float32Array;
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly segments: Int32Array;
  readonly trunks: Int32Array;
  readonly last: Int32Array;
  readonly better: Int32Array;
  readonly worse: Int32Array;
  readonly weight: Float32Array;
}

/**
 * Whole prompts into one batch: every prompt's pairs have the weight 1/pairs and every prompt counts the same, so a
 * prompt with nine answers is one example, not thirty-six (InstructGPT, section 3.5).
 */
export function rewardBatch(examples: readonly RankedExample[], shape: RewardBatchShape): RewardBatch {
  const capacity = pairCapacity(shape.answers);
  const groups = examples.map(({ sequences }) => sharedPrompt(sequences));
  const rows = layOutAnswers(groups, shape);
  const last = new Int32Array(shape.answers);
  const better = new Int32Array(capacity);
  const worse = new Int32Array(capacity);
  const weight = new Float32Array(capacity);
  let answer = 0;
  let pair = 0;
  for (const [index, { ranks, counts }] of examples.entries()) {
    const pairs = pairsOf(ranks);
    const times = pairs.map(([winner, loser]) => (counts?.[winner] ?? 1) * (counts?.[loser] ?? 1));
    const total = times.reduce((sum, count) => sum + count, 0);
    for (const [place, [winner, loser]] of pairs.entries()) {
      better[pair] = answer + winner;
      worse[pair] = answer + loser;
      weight[pair++] = times[place]! / (total * examples.length);
    }
    rows.places[index]!.forEach((place, number) => {
      last[answer++] = place.answer + groups[index]!.answers[number]!.length - 1;
    });
  }
  return { ...rowArrays(rows), last, better, worse, weight };
}

/** Cuts a list of examples into batches of whole prompts, in order. */
export function groupIntoBatches(examples: readonly RankedExample[], shape: RewardBatchShape): RankedExample[][] {
  const batches: RankedExample[][] = [];
  let [answers, groups]: [number, Answered[]] = [Infinity, []];
  for (const example of examples) {
    const group = sharedPrompt(example.sequences);
    answers += example.sequences.length;
    groups.push(group);
    if (answers > shape.answers || rowsFor(groups, shape.time) > shape.rows) {
      batches.push([]);
      [answers, groups] = [example.sequences.length, [group]];
    }
    batches.at(-1)!.push(example);
  }
  return batches;
}

/** Rankings that can teach something, and what was left out of the others. */
export interface UsableRankings {
  readonly usable: RankedExample[];
  /** Rankings without two ranks. */
  readonly allTied: number;
  /** Rankings of which no two answers with different ranks fit. */
  readonly tooLong: number;
  /** Answers that did not fit, of all rankings. */
  readonly longAnswers: number;
}

/** Leaves out the answers that do not fit into `time` tokens with their prompt, and rankings that then say nothing. */
export function usableRankings(examples: readonly RankedExample[], time: number): UsableRankings {
  const untied = examples.filter(({ ranks }) => pairsOf(ranks).length > 0);
  const fitting = untied.map((example) => fittingAnswers(example, time));
  const usable = fitting.filter(({ ranks }) => pairsOf(ranks).length > 0);
  const answersOf = (list: readonly RankedExample[]) => list.reduce((sum, { ranks }) => sum + ranks.length, 0);
  return {
    usable,
    allTied: examples.length - untied.length,
    tooLong: untied.length - usable.length,
    longAnswers: answersOf(untied) - answersOf(fitting),
  };
}

function fittingAnswers(example: RankedExample, time: number): RankedExample {
  const { sequences, ranks, counts } = example;
  const fits = (_: unknown, answer: number): boolean => sequences[answer]!.length <= time;
  return {
    sequences: sequences.filter(fits),
    ranks: ranks.filter(fits),
    ...(counts && { counts: counts.filter(fits) }),
  };
}

/** Shuffled epochs of reward batches. */
export function rewardSource(
  examples: readonly RankedExample[],
  options: RewardBatchShape & { seed: number },
): TrainingSource & { readonly batchesPerEpoch: number } {
  if (examples.length === 0) {
    throw new ConfigError('There is no ranking to learn from.', {
      advice: 'Every prompt needs two answers or more that are not all tied, within the context length.',
    });
  }
  const most = Math.max(...examples.map(({ sequences }) => sequences.length));
  if (most > options.answers || most > MOST_ANSWERS) {
    throw new ConfigError(
      `reward.answers: a prompt has ${most} answers; a batch of ${options.answers} takes at most ${Math.min(options.answers, MOST_ANSWERS)} of one.`,
    );
  }
  const source = groupedEpochs({
    items: examples,
    seed: options.seed,
    purpose: 'reward-order',
    group: (items) => groupIntoBatches(items, options),
    batch: (items) => rewardBatch(items, options),
    tokensPerBatch: options.rows * options.time,
    describe: (): string =>
      `${examples.length} rankings, ${source.batchesPerEpoch} batches of up to ${options.answers} answers`,
  });
  return source;
}
