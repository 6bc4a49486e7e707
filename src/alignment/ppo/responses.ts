import { type AnswerRows, type RowShape, layOutAnswers } from '../answer-rows.js';

/** What becomes of a sampled answer before it is scored and learnt from. */

export interface TruncateOptions {
  /** The token that ends an answer. */
  endToken: number;
  /** Ends before this many tokens do not count (lm-human-preferences truncates at the first one after 16 tokens). */
  after?: number;
}

/**
 * Cuts an answer at the first end token, which stays; what was sampled after it is dropped. An answer without one is
 * kept whole and called unfinished.
 */
export function truncateResponse(ids: Int32Array, options: TruncateOptions): { ids: Int32Array; finished: boolean } {
  const end = ids.findIndex((id, index) => id === options.endToken && index >= (options.after ?? 0));
  return end < 0 ? { ids, finished: false } : { ids: ids.slice(0, end + 1), finished: true };
}

/** An unfinished answer's score is replaced: it must not pay to ramble to the limit. */
export const scoreOrPenalty = (score: number, finished: boolean, penalty: number | null): number =>
  finished || penalty === null ? score : penalty;

/** Samples in rows, and where the answers lie in them. */
export interface ResponseLayout extends AnswerRows {
  /** int32 [N · R]: index into the rows of the state before each answer token; 0 where the answer has ended. */
  readonly states: Int32Array;
  /** int32 [N · R]: the answer's tokens; 0 where it has ended. */
  readonly targets: Int32Array;
  /** float32 [N · R]: 1 within the answer. */
  readonly mask: Float32Array;
}

interface Response {
  readonly prompt: Int32Array;
  readonly response: Int32Array;
}

/** Samples of one prompt (the very same array) together, and which answer of which group each became. */
export function byPrompt(samples: readonly Response[]) {
  const numbers = new Map<Int32Array, number>();
  const groups: { readonly prompt: Int32Array; readonly answers: Int32Array[] }[] = [];
  const at = samples.map(({ prompt, response }): readonly [group: number, answer: number] => {
    let number = numbers.get(prompt);
    if (number === undefined) {
      number = groups.push({ prompt, answers: [] }) - 1;
      numbers.set(prompt, number);
    }
    return [number, groups[number]!.answers.push(response) - 1];
  });
  return { groups, at };
}

/**
 * Lays samples out, several to a row. Each sees itself alone, at positions that count from 0: nothing computed for an
 * answer depends on its neighbours or on the padding.
 *
 * @param shape.responseLength R, at least the longest answer
 * @throws ConfigError when they do not fit
 */
export function layOut(samples: readonly Response[], shape: RowShape & { responseLength: number }): ResponseLayout {
  const { responseLength } = shape;
  const { groups, at } = byPrompt(samples);
  const rows = layOutAnswers(groups, { ...shape, reserved: responseLength });
  const states = new Int32Array(samples.length * responseLength);
  const targets = new Int32Array(states.length);
  const mask = new Float32Array(states.length);
  samples.forEach(({ response }, index) => {
    const [group, answer] = at[index]!;
    const place = rows.places[group]![answer]!;
    const from = index * responseLength;
    for (let step = 0; step < response.length; step++) {
      states[from + step] = step === 0 ? place.prompt : place.answer + step - 1;
      targets[from + step] = response[step]!;
      mask[from + step] = 1;
    }
  });
  return { ...rows, states, targets, mask };
}
