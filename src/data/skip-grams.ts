import { DataError } from '../errors.js';
import { type Random, counterRandom, integer } from '../tensor/random.js';
import type { Json } from './json.js';
import { readPosition } from './state.js';
import type { TokenStore } from './token-store.js';

/** Words with their neighbours, and words that are not: what word2vec learns from (Mikolov et al. 2013b). */

export interface SkipGramOptions {
  readonly tokens: TokenStore;
  /** Tokens of the vocabulary. */
  readonly vocabulary: number;
  /** Pairs of a batch. */
  readonly pairs: number;
  /** Most places between a token and a neighbour; each token draws its own from 1 to this. */
  readonly window: number;
  /** Tokens that are no neighbour, for each pair. */
  readonly negatives: number;
  /** Frequency above which a token is left out at times; 0 leaves none out. */
  readonly subsample: number;
  readonly seed: number;
}

/** Centres and neighbours int32 [pairs], negatives int32 [pairs, negatives]. */
export type SkipGrams = Readonly<Record<'centres' | 'neighbours' | 'negatives', Int32Array>>;

/** How often each token stands in a text. */
export function countTokens(tokens: TokenStore, vocabulary: number): Float64Array {
  const counts = new Float64Array(vocabulary);
  const buffer = new Int32Array(2 ** 16);
  for (let start = 0; start < tokens.length; start += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, tokens.length - start));
    tokens.readInto(start, part);
    for (const token of part) counts[token]!++;
  }
  return counts;
}

/** The chance that a token of this share of the text stays: √(t / f) + t / f, as the authors' program has it. */
export const keepProbability = (share: number, subsample: number): number =>
  subsample === 0 || share === 0 ? 1 : Math.min(1, Math.sqrt(subsample / share) + subsample / share);

/** Draws tokens in proportion to count^power, by bisection of the running sum. */
export function noiseSampler(counts: ArrayLike<number>, power = 0.75): (random: Random) => number {
  const sums = new Float64Array(counts.length);
  let sum = 0;
  for (let token = 0; token < counts.length; token++) sums[token] = sum += counts[token]! ** power;
  return (random) => {
    const wanted = random() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Tokens of the stretches that a batch is made of. */
const stretch = 256;

/**
 * Endless batches; batch n is a function of (seed, n). Tokens that are left out are not there for their neighbours
 * either, so that windows reach further.
 *
 * @throws DataError when the text has fewer than two tokens
 */
export function skipGrams(options: SkipGramOptions) {
  const { tokens, vocabulary, pairs, window, negatives, subsample, seed } = options;
  if (tokens.length < 2) throw new DataError(`${tokens.name}: ${tokens.length} tokens have no neighbours`);
  const counts = countTokens(tokens, vocabulary);
  const keep = counts.map((count) => keepProbability(count / tokens.length, subsample));
  const noise = noiseSampler(counts);
  const buffer = new Int32Array(Math.min(stretch, tokens.length));
  let step = 0;
  const next = (): SkipGrams => {
    const random = counterRandom(seed, 'skip-grams', step++);
    const [centres, neighbours] = [new Int32Array(pairs), new Int32Array(pairs)];
    let found = 0;
    while (found < pairs) {
      tokens.readInto(integer(random, tokens.length - buffer.length + 1), buffer);
      const kept = buffer.filter((token) => random() < keep[token]!);
      for (const [centre, neighbour] of pairsOf(kept, window, random)) {
        if (found === pairs) break;
        [centres[found], neighbours[found]] = [centre, neighbour];
        found++;
      }
    }
    return { centres, neighbours, negatives: Int32Array.from({ length: pairs * negatives }, () => noise(random)) };
  };
  return {
    tokensPerBatch: pairs,
    next,
    state: (): Json => ({ step, tokens: tokens.length }),
    restore: (state: Json): void => {
      step = readPosition(state, ['step'], { tokens: tokens.length }).step;
    },
    describe: () => `${pairs} pairs of neighbours from ${tokens.length} tokens (${tokens.name}), seed ${seed}`,
  };
}

/** Each token with those around it, as far as it draws. */
export function* pairsOf(kept: Int32Array, window: number, random: Random): Generator<readonly [number, number]> {
  for (let at = 0; at < kept.length; at++) {
    const reach = 1 + integer(random, window);
    for (let other = Math.max(0, at - reach); other <= Math.min(kept.length - 1, at + reach); other++)
      if (other !== at) yield [kept[at]!, kept[other]!];
  }
}
