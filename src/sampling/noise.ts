import type { Shapes } from '../nn/image-model.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import type { TensorSpec } from '../tensor/index.js';

/** The noise that images are made of. */

/** Numbers of one image's noise: image n of a seed is the same in any batch and any number of images. */
export function noiseOf(seed: number, name: string, index: number, size: number): Float32Array {
  return fillNormal(counterRandom(seed, `sample ${name}`, index), new Float32Array(size));
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** float32 specs of shapes that lack the batch axis. */
export const withBatch = (shapes: Shapes, batchSize: number): Record<string, TensorSpec> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape: [batchSize, ...shape], dtype: 'float32' }]),
  );

/** The noise of a batch, whose row r is that of image `indices[r]`; rows without one are zeros. */
export function noiseBatch(
  shapes: Shapes,
  options: {
    readonly batchSize: number;
    readonly seed: number;
    readonly indices: readonly number[];
    readonly temperature: number;
  },
): Record<string, Float32Array> {
  const { batchSize, seed, indices, temperature } = options;
  const drawn: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const each = sizeOf(shape);
    const values = new Float32Array(batchSize * each);
    indices.forEach((index, row) => {
      values.set(
        noiseOf(seed, name, index, each).map((value) => value * temperature),
        row * each,
      );
    });
    drawn[name] = values;
  }
  return drawn;
}
