import type { CaptionTokens } from '../data/images/caption-tokens.js';
import type { Embeddings } from '../nn/image-model.js';
import { type Tensor, int32 } from '../tensor/index.js';
import { type Matrix, type ReadRowsOptions, rowsOf } from './features.js';

/** Images and texts as points of one space. */

export interface EmbedOptions extends ReadRowsOptions {
  readonly embeddings: Embeddings;
  readonly text: CaptionTokens;
}

/** The point of each image: rows of length 1. */
export const embedImages = ({ embeddings, ...options }: EmbedOptions): Promise<Matrix> =>
  rowsOf({ ...options, size: embeddings.size, of: embeddings.ofImages, name: 'embed images' });

/** The point of each text: rows of length 1. */
export async function embedTexts(
  texts: readonly string[],
  options: Omit<EmbedOptions, 'images' | 'pixels' | 'seed'>,
): Promise<Matrix> {
  const { engine, parameters, weights, embeddings, text, signal } = options;
  const { length } = text;
  const batchSize = Math.min(options.batchSize, texts.length);
  const program = await engine.compile(
    ((given: { parameters: never; tokens: Tensor }) => ({
      rows: embeddings.ofText(given.parameters, given.tokens),
    })) as never,
    { parameters, tokens: int32(batchSize, length) },
    { name: 'embed texts' },
  );
  const values = new Float32Array(texts.length * embeddings.size);
  for (let start = 0; start < texts.length; start += batchSize) {
    const part = texts.slice(start, start + batchSize);
    const tokens = new Int32Array(batchSize * length);
    part.forEach((each, row) => {
      tokens.set(text.encode(each), row * length);
    });
    const { rows } = (await program.run({ parameters: weights, tokens }, { ...(signal && { signal }) })) as {
      rows: Float32Array;
    };
    values.set(rows.subarray(0, part.length * embeddings.size), start * embeddings.size);
  }
  return { count: texts.length, size: embeddings.size, values };
}

/** Σ over numbers of each row of one and each row of the other: float32 [a.count, b.count]. */
export function similarities(a: Matrix, b: Matrix): Matrix {
  const values = new Float32Array(a.count * b.count);
  for (let row = 0; row < a.count; row++) {
    for (let column = 0; column < b.count; column++) {
      let sum = 0;
      for (let i = 0; i < a.size; i++) sum += a.values[row * a.size + i]! * b.values[column * b.size + i]!;
      values[row * b.count + column] = sum;
    }
  }
  return { count: a.count, size: b.count, values };
}

/** The places of the greatest numbers of a row, the greatest first. */
export const nearest = (row: ArrayLike<number>, count: number): number[] =>
  Array.from({ length: row.length }, (_, index) => index)
    .sort((i, j) => row[j]! - row[i]!)
    .slice(0, count);
