import { ConfigError } from '../errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { type Accuracy, accuracyOf } from './accuracy.js';
import { nearest } from './embeddings.js';

/** What the vectors of a model's tokens say of words: which are alike, and what one is to another. */

export interface WordVectors {
  /** Words that are one token, in the order of the vocabulary. */
  readonly words: readonly string[];
  /** Of length 1; of a word of several tokens the mean of theirs. @throws ConfigError for what has no letters */
  vectorOf(word: string): Float32Array;
  /** Words by the cosine of the angle between their vector and this one, the least angle first; without some of them. */
  near(vector: Float32Array, options: { count: number; without?: readonly string[] }): NearWord[];
}

export interface NearWord {
  readonly word: string;
  readonly similarity: number;
}

/** @param vectors [vocabulary, width] */
export function wordVectors(tokenizer: Tokenizer, vectors: Float32Array): WordVectors {
  const width = vectors.length / tokenizer.vocabSize;
  const vectorOfTokens = (ids: ArrayLike<number>): Float32Array => {
    const total = new Float32Array(width);
    for (const id of Array.from(ids)) for (let at = 0; at < width; at++) total[at]! += vectors[id * width + at]!;
    return unit(total);
  };
  const controls = new Set(tokenizer.controlTokens.values());
  const known: { word: string; vector: Float32Array }[] = [];
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    // A token with the space before it stands for a whole word more often than for the beginning of one.
    const word = controls.has(id) ? undefined : /^ (\p{L}{2,}|[aAI])$/u.exec(tokenizer.decode([id]))?.[1];
    if (word !== undefined) known.push({ word, vector: vectorOfTokens([id]) });
  }
  return {
    words: known.map(({ word }) => word),
    vectorOf: (word) => {
      if (!/\p{L}/u.test(word))
        throw new ConfigError(`'${word}' is no word`, { advice: 'Give words, with + and - between.' });
      return vectorOfTokens(tokenizer.encode(` ${word.trim()}`));
    },
    near: (vector, { count, without = [] }) => {
      const left = new Set(without.map((word) => word.toLowerCase()));
      const others = known.filter(({ word }) => !left.has(word.toLowerCase()));
      const similarities = others.map((other) => cosine(vector, other.vector));
      return nearest(similarities, count).map((at) => ({ word: others[at]!.word, similarity: similarities[at]! }));
    },
  };
}

/** The scaled vector of length 1; one of zeros stays. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

/** "king - man + woman" as words with their signs. @throws ConfigError for what is no such sum */
export function readSum(text: string): { word: string; sign: 1 | -1 }[] {
  const parts = text.trim().split(/\s+([+-])\s+/);
  return parts
    .filter((_, index) => index % 2 === 0)
    .map((word, index) => {
      if (word === '' || /\s/.test(word)) {
        throw new ConfigError(`'${text}' is neither a word nor a sum of words`, {
          advice: 'Write it as "king - man + woman", with spaces around the signs.',
        });
      }
      return { word, sign: parts[2 * index - 1] === '-' ? -1 : 1 };
    });
}

/** The words nearest to a sum of words, which are not among them. */
export function nearSum(
  vectors: WordVectors,
  sum: readonly { word: string; sign: 1 | -1 }[],
  count: number,
): NearWord[] {
  const parts = sum.map(({ word, sign }) => vectors.vectorOf(word).map((value) => sign * value));
  const total = parts.reduce((a, b) => a.map((value, at) => value + b[at]!));
  return vectors.near(unit(total), { count, without: sum.map(({ word }) => word) });
}

/** What is to c as b is to a? Only words that are one token are asked for. */
export function analogies(
  vectors: WordVectors,
  relations: readonly (readonly (readonly [string, string])[])[],
): Pick<Accuracy, 'accuracy' | 'standardError'> & { questions: number } {
  const words = new Set(vectors.words);
  const questions = relations
    .map((pairs) => pairs.filter((pair) => pair.every((word) => words.has(word))))
    .flatMap((pairs) =>
      pairs.flatMap((one) => pairs.filter((other) => other !== one).map((other) => [one, other] as const)),
    );
  const right = questions.map(([[a, b], [c, d]]) => {
    const sum = [{ word: b, sign: 1 } as const, { word: a, sign: -1 } as const, { word: c, sign: 1 } as const];
    return nearSum(vectors, sum, 1)[0]?.word.toLowerCase() === d ? 1 : 0;
  });
  const { accuracy, standardError } = accuracyOf(Int32Array.from(right), new Int32Array(right.length).fill(1));
  return {
    accuracy: right.length === 0 ? 0 : accuracy,
    standardError: right.length === 0 ? 0 : standardError,
    questions: right.length,
  };
}
