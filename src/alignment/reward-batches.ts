import { ConfigError } from '../errors.js';
import { counterRandom } from '../tensor/random.js';
import type { Json } from '../data/json.js';
import type { TrainingSource } from '../training/phase.js';

/** Answers to one prompt with their ranks, as tokens. */
export interface RankedExample {
  /** Prompt and answer together, K of them. */
  readonly sequences: readonly Int32Array[];
  /** 0 is best; equal ranks are ties. */
  readonly ranks: readonly number[];
}

export interface RewardBatchShape {
  /** Sequences per batch. */
  readonly rows: number;
  /** Tokens per sequence, padded at the right. */
  readonly time: number;
  readonly padToken: number;
}

/** At most so many answers of a prompt are compared: the papers rank 4 to 9. */
export const MOST_ANSWERS = 9;

/** Pairs that a batch has room for: as many as its rows can give, were they answers to as few prompts as possible. */
export const pairCapacity = (rows: number): number => {
  const [groups, rest] = [Math.floor(rows / MOST_ANSWERS), rows % MOST_ANSWERS];
  return (groups * MOST_ANSWERS * (MOST_ANSWERS - 1) + rest * (rest - 1)) / 2;
};

/** Pairs (better, worse) of a ranking; ties make none. */
export function pairsOf(ranks: readonly number[]): (readonly [number, number])[] {
  return ranks.flatMap((rank, better) =>
    ranks.flatMap((other, worse) => (rank < other ? [[better, worse] as const] : [])),
  );
}

/** A batch: rows of tokens, the place of each row's last token, and the pairs with their weights. */
export interface RewardBatch {
  readonly [key: string]: Int32Array | Float32Array;
  readonly tokens: Int32Array;
  readonly last: Int32Array;
  readonly better: Int32Array;
  readonly worse: Int32Array;
  readonly weight: Float32Array;
}

/**
 * Whole prompts into one batch: every prompt's pairs have the weight 1/pairs and every prompt counts the same, so a
 * prompt with nine answers is one example, not thirty-six (InstructGPT, section 3.5).
 */
export function rewardBatch(
  examples: readonly RankedExample[],
  { rows, time, padToken }: RewardBatchShape,
): RewardBatch {
  const capacity = pairCapacity(rows);
  const tokens = new Int32Array(rows * time).fill(padToken);
  const last = new Int32Array(rows);
  const better = new Int32Array(capacity);
  const worse = new Int32Array(capacity);
  const weight = new Float32Array(capacity);
  let row = 0;
  let pair = 0;
  for (const { sequences, ranks } of examples) {
    const pairs = pairsOf(ranks);
    for (const [winner, loser] of pairs) {
      better[pair] = row + winner;
      worse[pair] = row + loser;
      weight[pair++] = 1 / (pairs.length * examples.length);
    }
    for (const sequence of sequences) {
      tokens.set(sequence, row * time);
      last[row] = row * time + sequence.length - 1;
      row++;
    }
  }
  return { tokens, last, better, worse, weight };
}

/** Cuts a list of examples into batches of whole prompts, in order. */
export function groupIntoBatches(examples: readonly RankedExample[], rows: number): RankedExample[][] {
  const batches: RankedExample[][] = [];
  let used = Infinity;
  for (const example of examples) {
    if (used + example.sequences.length > rows) {
      batches.push([]);
      used = 0;
    }
    batches.at(-1)!.push(example);
    used += example.sequences.length;
  }
  return batches;
}

/** Examples that can teach something and fit: two ranks or more, two to nine answers, short enough. */
export function usableRankings(
  examples: readonly RankedExample[],
  time: number,
): { usable: RankedExample[]; allTied: number; tooLong: number } {
  const untied = examples.filter(({ ranks }) => pairsOf(ranks).length > 0);
  const usable = untied.filter(({ sequences }) => sequences.every((sequence) => sequence.length <= time));
  return { usable, allTied: examples.length - untied.length, tooLong: untied.length - usable.length };
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
  if (most > options.rows || most > MOST_ANSWERS) {
    throw new ConfigError(
      `reward.rows: a prompt has ${most} answers; a batch of ${options.rows} rows takes at most ${Math.min(options.rows, MOST_ANSWERS)}.`,
    );
  }
  let epoch = 0;
  let position = 0;
  const order = (): RankedExample[][] => {
    const random = counterRandom(options.seed, 'reward-order', epoch);
    const shuffled = [...examples];
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = Math.floor(random() * (index + 1));
      [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
    }
    return groupIntoBatches(shuffled, options.rows);
  };
  let batches = order();
  return {
    batchesPerEpoch: batches.length,
    tokensPerBatch: options.rows * options.time,
    next: () => {
      if (position === batches.length) {
        epoch++;
        position = 0;
        batches = order();
      }
      return rewardBatch(batches[position++]!, options);
    },
    state: (): Json => ({ epoch, position }),
    restore: (state) => {
      ({ epoch, position } = state as unknown as { epoch: number; position: number });
      batches = order();
    },
    describe: () => `${examples.length} rankings, ${batches.length} batches of up to ${options.rows} answers`,
  };
}
