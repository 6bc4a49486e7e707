import { ConfigError } from '../errors.js';
import type { ImageData, ImageModel } from '../nn/image-model.js';
import type { Engine, HostTree, StoreReference } from '../runtime/engine.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import type { Tensor, TensorSpec } from '../tensor/index.js';

export interface ImageSamplerOptions {
  readonly engine: Engine;
  readonly model: ImageModel;
  readonly data: ImageData;
  readonly weights: StoreReference;
  /** Images drawn side by side; changes nothing but the speed. Default 64. */
  readonly batchSize?: number;
}

export interface SampleOptions {
  readonly count: number;
  readonly seed?: number;
  /** The class of each image, or of all; by default every class in turn. */
  readonly labels?: number | readonly number[];
  /** Scales the noise: below 1 less varied and more typical. Default 1. */
  readonly temperature?: number;
  readonly signal?: AbortSignal;
}

/** Pictures as a model gives them: [count, C, H, W], 0 to its largest value. */
export interface Samples {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** Numbers of one image's noise: image n of a seed is the same in any batch and any number of images. */
export function noiseOf(seed: number, name: string, index: number, size: number): Float32Array {
  return fillNormal(counterRandom(seed, `sample ${name}`, index), new Float32Array(size));
}

/** The classes of so many images. */
export function labelsFor(count: number, classes: number, labels: SampleOptions['labels']): Int32Array {
  const wanted = typeof labels === 'number' ? [labels] : labels;
  const wrong = wanted?.find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new ConfigError(
      `class ${wrong}: ${classes === 0 ? 'this model knows no classes' : `there are ${classes}, from 0`}`,
    );
  }
  return Int32Array.from(
    { length: count },
    (_, index) => wanted?.[index % wanted.length] ?? index % Math.max(1, classes),
  );
}

/** Draws images. */
export type ImageSampler = (options: SampleOptions) => Promise<Samples>;

/** Compiles what draws images from a model. @throws ConfigError when the model cannot */
export async function imageSampler(options: ImageSamplerOptions): Promise<ImageSampler> {
  const { engine, model, data, weights, batchSize = 64 } = options;
  const { generative } = model;
  if (generative === undefined) throw new ConfigError('This model cannot draw images');
  const noise = Object.fromEntries(
    Object.entries(generative.noise).map(([name, shape]): [string, TensorSpec] => [
      name,
      { shape: [batchSize, ...shape], dtype: 'float32' },
    ]),
  );
  const specs = { parameters: model.parameters, given: { noise, labels: { shape: [batchSize], dtype: 'int32' } } };
  const program = await engine.compile(
    (({ parameters, given }: { parameters: never; given: { noise: Record<string, Tensor>; labels: Tensor } }) => ({
      images: generative.sample(parameters, given),
    })) as never,
    specs,
    { name: 'sample images' },
  );
  const size = data.channels * data.height * data.width;
  return async ({ count, seed = 0, labels, temperature = 1, signal }) => {
    const classes = labelsFor(count, data.classes, labels);
    const images = new Float32Array(count * size);
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const drawn: Record<string, HostTree> = {};
      for (const [name, { shape }] of Object.entries(noise)) {
        const each = shape.slice(1).reduce((product, length) => product * length, 1);
        const values = new Float32Array(batchSize * each);
        for (let row = 0; row < Math.min(batchSize, count - start); row++) {
          values.set(
            noiseOf(seed, name, start + row, each).map((value) => value * temperature),
            row * each,
          );
        }
        drawn[name] = values;
      }
      const given = { noise: drawn, labels: padded(classes.subarray(start, start + batchSize), batchSize) };
      const result = (await program.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
        images: Float32Array;
      };
      images.set(result.images.subarray(0, Math.min(batchSize, count - start) * size), start * size);
    }
    return { images, labels: classes };
  };
}

const padded = (values: Int32Array, length: number): Int32Array => {
  const full = new Int32Array(length);
  full.set(values);
  return full;
};
