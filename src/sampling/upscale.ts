import { ConfigError } from '../errors.js';
import type { EnlargesInOneGo, ImageData, ImageModel, NamedTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import { type Tensor, type TensorSpec, float32 } from '../tensor/index.js';
import { denoisingModel } from './denoising.js';
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
  const { engine, model, data, batchSize = 16 } = options;
  const { upscaler } = model;
  if (upscaler === undefined)
    throw new ConfigError('This model does not enlarge images', {
      advice: 'sr-flow and super-resolution-gan do, and guided-diffusion with --model.given small.',
    });
  const { channels, height, width } = data;
  const [rows, columns] = [height / upscaler.factor, width / upscaler.factor];
  const [largeSize, smallSize] = [channels * height * width, channels * rows * columns];
  const larger = upscaler.inOneGo
    ? await enlargingInOneGo({ ...options, batchSize }, upscaler.inOneGo, float32(batchSize, channels, rows, columns))
    : await enlargingByDenoising(options, batchSize);
  const smaller = await engine.compile(
    ({ images }: { images: Tensor }) => ({ images: upscaler.reduce(images) }),
    { images: float32(batchSize, channels, height, width) },
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
        const drawn = { seed: seed + sample, temperature, ...(signal && { signal }) };
        await eachBatch(small, smallSize, into, (batch, indices) => {
          signal?.throwIfAborted();
          return larger(batch, { ...drawn, indices });
        });
        results.push(into);
      }
      return results;
    },
  };
}

/** Small images of a batch → large ones; the noise of row r is that of image `indices[r]`. */
type Enlarge = (
  small: Float32Array,
  options: { indices: readonly number[]; seed: number; temperature: number; signal?: AbortSignal },
) => Promise<{ images: Float32Array }>;

async function enlargingInOneGo(
  { engine, model, weights, batchSize }: UpscalerOptions & { readonly batchSize: number },
  { noise, enlarge }: EnlargesInOneGo,
  small: TensorSpec,
): Promise<Enlarge> {
  interface Given {
    readonly parameters: never;
    readonly given: { readonly small: Tensor; readonly noise: NamedTensors };
  }
  const program = await engine.compile(
    ((traced: Given) => ({ images: enlarge(traced.parameters, traced.given) })) as never,
    { parameters: model.parameters, given: { small, noise: withBatch(noise, batchSize) } },
    { name: 'enlarge images' },
  );
  return async (batch, { signal, seed, ...drawn }) => {
    const given = { small: batch, noise: noiseBatch(noise, { ...drawn, source: noiseBySeed(seed), batchSize }) };
    return (await program.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
      images: Float32Array;
    };
  };
}

async function enlargingByDenoising(options: UpscalerOptions, batchSize: number): Promise<Enlarge> {
  const { draw, decode } = await denoisingModel({ ...options, batchSize }, options.model.denoiser!);
  return async (batch, { indices, signal, ...drawn }) => {
    const aborts = { ...(signal && { signal }) };
    // Of what class a small image is, nobody says.
    const denoising = options.model.conditional === true ? { guidance: 0 } : {};
    const [first] = indices as [number];
    const request = { labels: new Int32Array(batchSize), given: batch, first, denoising };
    return { images: await decode(await draw({ ...request, ...drawn, ...aborts }), signal) };
  };
}
