import { type CountedImages, type ImageBatchOptions, imageBatchSpec, imageList } from '../data/images/batches.js';
import type { Features, ImageTensors } from '../nn/image-model.js';
import type { Tensor } from '../tensor/index.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import { sideBySide } from '../runtime/side-by-side.js';

/** One row of numbers for each image. */
export interface Matrix {
  readonly count: number;
  readonly size: number;
  /** [count, size] */
  readonly values: Float32Array;
}

export interface ReadRowsOptions extends Omit<ImageBatchOptions, 'flip'> {
  readonly engine: Engine;
  /** Declared parameters, and where their values are. */
  readonly parameters: object;
  readonly weights: StoreReference;
  /** Batches computed side by side (CPU only). Default 1. */
  readonly lanes?: number;
  readonly signal?: AbortSignal;
}

/** What a function of images [B, size] gives for each of a list of them. */
export async function rowsOf(
  options: ReadRowsOptions & {
    readonly size: number;
    readonly of: (parameters: never, batch: ImageTensors) => Tensor;
    readonly name?: string;
  },
): Promise<Matrix> {
  const { parameters, size, of, name = 'features', images, batchSize, seed } = options;
  const values = new Float32Array(images.count * size);
  const read = await sideBySide(options, async ({ engine, weights, threads }) => {
    const program = await engine.compile(
      ((given: { parameters: never; batch: ImageTensors }) => ({ rows: of(given.parameters, given.batch) })) as never,
      { parameters, batch: imageBatchSpec(images, batchSize, options.text) },
      { name, threads },
    );
    return async ({ batch, count, start }: CountedImages, signal?: AbortSignal): Promise<void> => {
      const args = { parameters: weights, batch: { ...batch, key: Int32Array.of(seed, start) } };
      const { rows } = (await program.run(args, { ...(signal && { signal }) })) as { rows: Float32Array };
      values.set(rows.subarray(0, count * size), start * size);
    };
  });
  await read(imageList(options), options.signal);
  return { count: images.count, size, values };
}

/** A model's features of each image. */
export const featuresOf = (options: ReadRowsOptions & { readonly features: Features }): Promise<Matrix> =>
  rowsOf({ ...options, size: options.features.size, of: options.features.of });
