import { ConfigError } from '../errors.js';
import { type Answered, layOutAnswers, rowArrays, sharedPrompt } from './answer-rows.js';
import { type GroupShape, type GroupSource, groupShape, groupSource } from './group-batches.js';

/** Answers to one prompt with their ranks, as tokens. */
export interface RankedExample {
  /** Prompt and answer together, K of them. */
  readonly sequences: readonly Int32Array[];
  /** 0 is best; equal ranks are ties. */
  readonly ranks: readonly number[];
  /** How often each answer was given; once unless said. Its pairs count as often, though it is read once. */
  readonly counts?: readonly number[];
  /** Tokens of the prompt, for those who judge answers by themselves and not against each other. */
  readonly promptLength?: number;
}

/**
 * A shape that holds so many answers of the usual length in few rows, and the longest ranking in any case.
 *
 * @param options.longest tokens of the longest prompt and answer together
 */
export const rewardShape = (
  examples: readonly RankedExample[],
  options: { answers: number; longest: number; padToken: number },
): GroupShape => groupShape(examples.map(groupOf), options);

/** A ranking laid out: what all sequences begin with is its prompt. */
export const groupOf = ({ sequences }: Pick<RankedExample, 'sequences'>): Answered => sharedPrompt(sequences);

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
 * The pairs of whole prompts, as indices into their answers one after the other: every prompt's pairs have the weight
 * 1/pairs and every prompt counts the same, so a prompt with nine answers is one example, not thirty-six (InstructGPT,
 * section 3.5).
 */
export function pairArrays(examples: readonly RankedExample[], answers: number) {
  const capacity = pairCapacity(answers);
  const better = new Int32Array(capacity);
  const worse = new Int32Array(capacity);
  const weight = new Float32Array(capacity);
  let answer = 0;
  let pair = 0;
  for (const { ranks, counts } of examples) {
    const pairs = pairsOf(ranks);
    const times = pairs.map(([winner, loser]) => (counts?.[winner] ?? 1) * (counts?.[loser] ?? 1));
    const total = times.reduce((sum, count) => sum + count, 0);
    for (const [place, [winner, loser]] of pairs.entries()) {
      better[pair] = answer + winner;
      worse[pair] = answer + loser;
      weight[pair++] = times[place]! / (total * examples.length);
    }
    answer += ranks.length;
  }
  return { better, worse, weight };
}

/** Whole prompts into one batch. @throws ConfigError when they do not fit */
export function rewardBatch(examples: readonly RankedExample[], shape: GroupShape): RewardBatch {
  const groups = examples.map(groupOf);
  const rows = layOutAnswers(groups, shape);
  const last = new Int32Array(shape.answers);
  let answer = 0;
  rows.places.forEach((places, index) => {
    places.forEach((place, number) => {
      last[answer++] = place.answer + groups[index]!.answers[number]!.length - 1;
    });
  });
  return { ...rowArrays(rows), last, ...pairArrays(examples, shape.answers) };
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
    ...example,
    sequences: sequences.filter(fits),
    ranks: ranks.filter(fits),
    ...(counts && { counts: counts.filter(fits) }),
  };
}

/** @throws ConfigError when there are no rankings, or one has more answers than a batch takes */
export function checkRankings(
  examples: readonly RankedExample[],
  { name, answers }: { name: string; answers: number },
) {
  if (examples.length === 0) {
    throw new ConfigError('There is no ranking to learn from.', {
      advice: 'Every prompt needs two answers or more that are not all tied, within the context length.',
    });
  }
  const most = Math.max(...examples.map(({ sequences }) => sequences.length));
  if (most > answers || most > MOST_ANSWERS) {
    throw new ConfigError(
      `${name}.answers: a prompt has ${most} answers; a batch of ${answers} takes at most ${Math.min(answers, MOST_ANSWERS)} of one.`,
      { advice: most > MOST_ANSWERS ? 'Leave some of its answers out.' : `Raise it to ${most} or more.` },
    );
  }
}

/** Shuffled epochs of reward batches. */
export function rewardSource(examples: readonly RankedExample[], options: GroupShape & { seed: number }): GroupSource {
  checkRankings(examples, { name: 'reward', answers: options.answers });
  return groupSource(examples, {
    ...options,
    groupOf,
    batchOf: (batch) => rewardBatch(batch, options),
    describe: `${examples.length} rankings`,
  });
}
