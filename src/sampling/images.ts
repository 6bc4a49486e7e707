import { ConfigError } from '../errors.js';
import type { ImageData, ImageModel, NamedTensors, Shapes } from '../nn/image-model.js';
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
  const { search } = generative;
  const noise = withBatch(generative.noise, batchSize);
  const state = withBatch(search?.state ?? {}, batchSize);
  const labelSpec: TensorSpec = { shape: [batchSize], dtype: 'int32' };
  const specs = { parameters: model.parameters, given: { noise, labels: labelSpec, state } };
  interface Traced {
    readonly parameters: never;
    readonly given: { readonly noise: NamedTensors; readonly labels: Tensor; readonly state: NamedTensors };
  }
  const program = await engine.compile(
    (({ parameters, given }: Traced) => ({ images: generative.sample(parameters, given) })) as never,
    specs,
    { name: 'sample images' },
  );
  const pass =
    search &&
    (await engine.compile(
      (({ parameters, given }: Traced) => ({ state: search.improve(parameters, given) })) as never,
      specs,
      { name: 'one pass of a search' },
    ));
  /** Repeats the pass until it changes nothing. A row that is done stays as it is, so no row depends on the others. */
  const find = async (given: Readonly<Record<string, HostTree>>, signal?: AbortSignal): Promise<HostArrays> => {
    let found: HostArrays = Object.fromEntries(
      Object.entries(state).map(([name, { shape }]) => [name, new Float32Array(sizeOf(shape))]),
    );
    for (let count = 0; pass !== undefined && count < search!.passes; count++) {
      signal?.throwIfAborted();
      const args = { parameters: weights, given: { ...given, state: found } };
      const result = (await pass.run(args, { ...(signal && { signal }) })) as unknown as { state: HostArrays };
      const changed = Object.entries(result.state).some(([name, values]) => !sameNumbers(values, found[name]!));
      found = result.state;
      if (!changed) break;
    }
    return found;
  };
  const size = data.channels * data.height * data.width;
  return async ({ count, seed = 0, labels, temperature = 1, signal }) => {
    const classes = labelsFor(count, data.classes, labels);
    const images = new Float32Array(count * size);
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const drawn: Record<string, HostTree> = {};
      for (const [name, { shape }] of Object.entries(noise)) {
        const each = sizeOf(shape.slice(1));
        const values = new Float32Array(batchSize * each);
        for (let row = 0; row < Math.min(batchSize, count - start); row++) {
          values.set(
            noiseOf(seed, name, start + row, each).map((value) => value * temperature),
            row * each,
          );
        }
        drawn[name] = values;
      }
      const asked = { noise: drawn, labels: padded(classes.subarray(start, start + batchSize), batchSize) };
      const given = { ...asked, state: await find(asked, signal) };
      const result = (await program.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
        images: Float32Array;
      };
      images.set(result.images.subarray(0, Math.min(batchSize, count - start) * size), start * size);
    }
    return { images, labels: classes };
  };
}

type HostArrays = Readonly<Record<string, Float32Array>>;

const withBatch = (shapes: Shapes, batchSize: number): Record<string, TensorSpec> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape: [batchSize, ...shape], dtype: 'float32' }]),
  );

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Bit for bit, so that NaN is equal to itself. */
const sameNumbers = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(
    new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
    new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

const padded = (values: Int32Array, length: number): Int32Array => {
  const full = new Int32Array(length);
  full.set(values);
  return full;
};
