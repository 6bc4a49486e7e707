import type { Shapes } from '../nn/image-model.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import { type TensorSpec, float32 } from '../tensor/index.js';
import { sizeOf } from '../tensor/define.js';

/** The noise that images are made of. */

/** Numbers of one image's noise: image n of a seed is the same in any batch and any number of images. */
export function noiseOf(seed: number, name: string, index: number, size: number): Float32Array {
  return fillNormal(counterRandom(seed, `sample ${name}`, index), new Float32Array(size));
}

/** Where the noise of an image comes from: by the noise's name and the image's number, so many standard normal numbers. */
export type NoiseSource = (name: string, index: number, size: number) => Float32Array;

export const noiseBySeed =
  (seed: number): NoiseSource =>
  (name, index, size) =>
    noiseOf(seed, name, index, size);

/**
 * The shorter arc between two vectors (Shoemake 1985), so that noise on the way is as long as noise is; where there is
 * no shorter one, the line.
 *
 * @param share 0 at `from`, 1 at `to`
 */
export function onArc(from: Float32Array, to: Float32Array, share: number): Float32Array {
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  const cosine = dot(from, to) / Math.sqrt(dot(from, from) * dot(to, to));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  const [a, b] =
    sine > 1e-6 ? [Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine] : [1 - share, share];
  return from.map((value, at) => a * value + b * to[at]!);
}

/** Rows of images: in each, `steps` of them on the arc between two noises of a seed. */
export const noiseWalk =
  (seed: number, steps: number): NoiseSource =>
  (name, index, size) => {
    const row = Math.floor(index / steps);
    const [from, to] = [2 * row, 2 * row + 1].map((end) => noiseOf(seed, name, end, size));
    return onArc(from!, to!, steps === 1 ? 0 : (index % steps) / (steps - 1));
  };

/** float32 specs of shapes that lack the batch axis. */
export const withBatch = (shapes: Shapes, batchSize: number): Record<string, TensorSpec> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, float32(batchSize, ...shape)]));

/** The noise of a batch, whose row r is that of image `indices[r]`; rows without one are zeros. */
export function noiseBatch(
  shapes: Shapes,
  options: {
    readonly batchSize: number;
    readonly source: NoiseSource;
    readonly indices: readonly number[];
    readonly temperature: number;
  },
): Record<string, Float32Array> {
  const { batchSize, source, indices, temperature } = options;
  const drawn: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const each = sizeOf(shape);
    const values = new Float32Array(batchSize * each);
    indices.forEach((index, row) => {
      values.set(
        source(name, index, each).map((value) => value * temperature),
        row * each,
      );
    });
    drawn[name] = values;
  }
  return drawn;
}
