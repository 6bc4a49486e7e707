import { ConfigError } from '../errors.js';
import type { ImageData, ImageModel, NamedTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import type { Tensor } from '../tensor/index.js';
import { noiseBatch, noiseBySeed, withBatch } from './noise.js';

export interface UpscalerOptions {
  readonly engine: Engine;
  readonly model: ImageModel;
  readonly data: ImageData;
  readonly weights: StoreReference;
  /** Images enlarged side by side; changes nothing but the speed. Default 16. */
  readonly batchSize?: number;
}

export interface UpscaleOptions {
  /** [count, C, h, w], 0 to 255 */
  readonly small: Float32Array;
  /** The same seed gives the same images; sample n of a seed is the first of seed + n. Default 0. */
  readonly seed?: number;
  /** Scales the noise: 0 for the one image in the middle. Default 0.9. */
  readonly temperature?: number;
  /** Large images for each small one. Default 1. */
  readonly samples?: number;
  readonly signal?: AbortSignal;
}

/** Enlarges images. */
export interface ImageUpscaler {
  readonly factor: number;
  /** → one array [count, C, H, W] for each sample. */
  readonly enlarge: (options: UpscaleOptions) => Promise<Float32Array[]>;
  /** What the model takes for the small images of large ones: [count, C, H, W] → [count, C, h, w]. */
  readonly reduce: (large: Float32Array, signal?: AbortSignal) => Promise<Float32Array>;
}

/** Compiles what enlarges images. @throws ConfigError when the model cannot */
export async function imageUpscaler(options: UpscalerOptions): Promise<ImageUpscaler> {
  const { engine, model, data, weights, batchSize = 16 } = options;
  const { upscaler, parameters } = model;
  if (upscaler === undefined)
    throw new ConfigError('This model does not enlarge images', {
      advice: 'sr-flow and super-resolution-gan do.',
    });
  const { channels, height, width } = data;
  const [rows, columns] = [height / upscaler.factor, width / upscaler.factor];
  const [largeSize, smallSize] = [channels * height * width, channels * rows * columns];
  const float = (shape: readonly number[]) => ({ shape: [batchSize, ...shape], dtype: 'float32' as const });
  interface Given {
    readonly parameters: never;
    readonly given: { readonly small: Tensor; readonly noise: NamedTensors };
  }
  const larger = await engine.compile(
    ((traced: Given) => ({ images: upscaler.enlarge(traced.parameters, traced.given) })) as never,
    {
      parameters,
      given: { small: float([channels, rows, columns]), noise: withBatch(upscaler.noise, batchSize) },
    },
    { name: 'enlarge images' },
  );
  const smaller = await engine.compile(
    ({ images }: { images: Tensor }) => ({ images: upscaler.reduce(images) }),
    { images: float([channels, height, width]) },
    { name: 'reduce images' },
  );

  /** Calls with batches of rows of `size` numbers, the last one filled up with zeros. */
  const eachBatch = async (
    values: Float32Array,
    size: number,
    into: Float32Array,
    run: (rows: Float32Array, indices: readonly number[]) => Promise<{ images: Float32Array }>,
  ): Promise<Float32Array> => {
    const count = values.length / size;
    const each = into.length / count;
    for (let start = 0; start < count; start += batchSize) {
      const indices = Array.from({ length: Math.min(batchSize, count - start) }, (_, row) => start + row);
      const batch = new Float32Array(batchSize * size);
      batch.set(values.subarray(start * size, (start + indices.length) * size));
      const { images } = await run(batch, indices);
      into.set(images.subarray(0, indices.length * each), start * each);
    }
    return into;
  };

  return {
    factor: upscaler.factor,
    reduce: (large, signal) =>
      eachBatch(large, largeSize, new Float32Array((large.length / largeSize) * smallSize), async (images) => {
        signal?.throwIfAborted();
        return (await smaller.run({ images }, { ...(signal && { signal }) })) as { images: Float32Array };
      }),
    async enlarge({ small, seed = 0, temperature = 0.9, samples = 1, signal }) {
      const results: Float32Array[] = [];
      for (let sample = 0; sample < samples; sample++) {
        const into = new Float32Array((small.length / smallSize) * largeSize);
        const drawn = { batchSize, source: noiseBySeed(seed + sample), temperature };
        await eachBatch(small, smallSize, into, async (batch, indices) => {
          signal?.throwIfAborted();
          const given = { small: batch, noise: noiseBatch(upscaler.noise, { ...drawn, indices }) };
          return (await larger.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
            images: Float32Array;
          };
        });
        results.push(into);
      }
      return results;
    },
  };
}
