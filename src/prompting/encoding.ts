import { DataError } from '../errors.js';
import { CONTROL } from '../tokenizer/control-tokens.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** Where an answer begins, in tokens; and how much of a prompt a context holds. */

/** Tokens of which those from an index on are asked for. */
export interface Continuation {
  readonly ids: Int32Array;
  /** The first token that counts; at least 1, for nothing precedes the first. */
  readonly from: number;
}

export interface EncodedContinuation extends Continuation {
  /**
   * The first token that counts begins in the prompt: a merge joined the two. It is counted whole, as it would be if
   * the text were read in one go, and how often that happened is said.
   */
  readonly joined: boolean;
}

/** The token that every document begins behind, where a tokenizer has one. */
export const startOf = (tokenizer: Pick<Tokenizer, 'controlTokens'>): readonly number[] => {
  const start = tokenizer.controlTokens.get(CONTROL.endOfText);
  return start === undefined ? [] : [start];
};

/** A text as tokens, behind that token. */
export function encodeText(tokenizer: Tokenizer, text: string): Int32Array {
  const start = startOf(tokenizer);
  const encoded = tokenizer.encode(text);
  const ids = new Int32Array(start.length + encoded.length);
  ids.set(start);
  ids.set(encoded, start.length);
  return ids;
}

/**
 * Prompt and continuation encoded as one text, which is how a model met them; encoded apart, "a" and " b" may become
 * tokens that no training text has in a row. The boundary is found by counting bytes from the end.
 *
 * @throws DataError when there is nothing before the first token that counts
 */
export function encodeContinuation(tokenizer: Tokenizer, prompt: string, continuation: string): EncodedContinuation {
  const ids = encodeText(tokenizer, prompt + continuation);
  const bytes = Buffer.byteLength(continuation);
  const first = startOf(tokenizer).length;
  let from = ids.length;
  let counted = 0;
  while (counted < bytes && from > first) counted += tokenizer.bytesOf(ids[--from]!).length;
  if (from > 0) return { ids, from, joined: counted > bytes };
  throw new DataError('The prompt is empty, and this tokenizer has no token that a text begins behind', {
    advice: `Begin the prompt with something, or use a tokenizer with ${CONTROL.endOfText}.`,
  });
}

/** Words between white space, Unicode characters and bytes of UTF-8. */
export const unitsOf = (text: string): { words: number; characters: number; bytes: number } => ({
  words: text.match(/\S+/g)?.length ?? 0,
  characters: Array.from(text).length,
  bytes: Buffer.byteLength(text),
});

/**
 * A long text as windows that each fill the context: the first counts all but its first token, every other one the
 * `stride` tokens at its end, so that each token of the text but the first counts once and has at least
 * contextLength - stride tokens before it. The last window ends with the text.
 */
export function slidingWindows(
  ids: Int32Array,
  { contextLength, stride = contextLength - 1 }: { contextLength: number; stride?: number | undefined },
): Continuation[] {
  const step = Math.min(stride, contextLength - 1);
  const windows: Continuation[] = [];
  let counted = 1;
  while (counted < ids.length) {
    const end = counted === 1 ? Math.min(ids.length, contextLength) : Math.min(ids.length, counted + step);
    const begin = Math.max(0, end - contextLength);
    windows.push({ ids: ids.subarray(begin, end), from: counted - begin });
    counted = end;
  }
  return windows;
}

export interface Fitted<Shot> {
  readonly shots: readonly Shot[];
  readonly prompt: string;
}

/**
 * As many shots as fit before a question, from the first on; the question alone is cut at its beginning, between words,
 * where `cut` allows it.
 *
 * @param options.join shots and question → prompt
 * @param options.fits whether a prompt leaves room for its answer
 * @returns undefined where the question does not fit
 */
export function fitShots<Shot>(options: {
  shots: readonly Shot[];
  question: string;
  cut: boolean;
  join: (shots: readonly Shot[], question: string) => string;
  fits: (prompt: string) => boolean;
}): Fitted<Shot> | undefined {
  const { shots, question, cut, join, fits } = options;
  // Longer prompts are longer: the most shots that fit are found by halving.
  const most = lastThat(shots.length, (count) => fits(join(shots.slice(0, count), question)));
  if (most !== undefined) return { shots: shots.slice(0, most), prompt: join(shots.slice(0, most), question) };
  if (!cut) return undefined;
  const spaces = [...question.matchAll(/\s+/g)].map(({ index, 0: space }) => index + space.length).reverse();
  const kept = lastThat(spaces.length - 1, (count) => fits(join([], question.slice(spaces[count]))));
  return kept === undefined ? undefined : { shots: [], prompt: join([], question.slice(spaces[kept])) };
}

/** The greatest number in 0..most for which a test holds that holds for all smaller ones; undefined where for none. */
function lastThat(most: number, holds: (count: number) => boolean): number | undefined {
  if (most < 0 || !holds(0)) return undefined;
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
