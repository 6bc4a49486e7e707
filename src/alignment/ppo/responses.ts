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

/** Prompt and answer of every sample as rows of one shape, and where the answers lie in it. */
export interface ResponseLayout {
  /** int32 [N, T]: prompt, answer, padding. */
  readonly tokens: Int32Array;
  /** int32 [N · R]: index into the N·T tokens of the state before each answer token; 0 where the answer has ended. */
  readonly places: Int32Array;
  /** int32 [N · R]: the answer's tokens; 0 where it has ended. */
  readonly targets: Int32Array;
  /** float32 [N · R]: 1 within the answer. */
  readonly mask: Float32Array;
  /** int32 [N]: index into the N·T tokens of the last token. */
  readonly last: Int32Array;
}

/**
 * Lays samples out. The padding is its own token at the right, so positions count from 0 in every row and causal
 * attention never sees it: nothing computed for an answer depends on the padding.
 *
 * @param shape.time T, at least the longest prompt and answer together
 * @param shape.responseLength R, at least the longest answer
 */
export function layOut(
  samples: readonly { readonly prompt: Int32Array; readonly response: Int32Array }[],
  shape: { time: number; responseLength: number; padToken: number },
): ResponseLayout {
  const { time, responseLength, padToken } = shape;
  const tokens = new Int32Array(samples.length * time).fill(padToken);
  const places = new Int32Array(samples.length * responseLength);
  const targets = new Int32Array(samples.length * responseLength);
  const mask = new Float32Array(samples.length * responseLength);
  const last = new Int32Array(samples.length);
  samples.forEach(({ prompt, response }, row) => {
    const start = row * time;
    tokens.set(prompt, start);
    tokens.set(response, start + prompt.length);
    last[row] = start + prompt.length + response.length - 1;
    const from = row * responseLength;
    for (let step = 0; step < response.length; step++) {
      places[from + step] = start + prompt.length + step - 1;
      targets[from + step] = response[step]!;
      mask[from + step] = 1;
    }
  });
  return { tokens, places, targets, mask, last };
}
