import { type ImageBatchOptions, imageBatchSpec, imageList } from '../data/images/batches.js';
import { dimensions } from '../data/images/image-set.js';
import { ConfigError } from '../errors.js';
import type { ImageModel, ImageTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';

/** What a model was shown of images, and what it made of that; all [count, C, H, W]. */
export interface Restorations {
  readonly originals: Float32Array;
  readonly seen: Float32Array;
  readonly images: Float32Array;
}

/** Shows a model parts of images, or noisy ones, and has them made whole. @throws ConfigError when it cannot */
export async function restoreImages(
  options: Omit<ImageBatchOptions, 'flip'> & {
    engine: Engine;
    model: ImageModel;
    weights: StoreReference;
    signal?: AbortSignal;
  },
): Promise<Restorations> {
  const { engine, model, weights, images, batchSize, seed, signal } = options;
  const { restorer, parameters } = model;
  if (restorer === undefined)
    throw new ConfigError('This model does not make images whole again', {
      advice: 'descent train mae makes a model that does.',
    });
  const program = await engine.compile(
    ((given: { parameters: never; batch: ImageTensors }) => restorer.restore(given.parameters, given.batch)) as never,
    { parameters, batch: imageBatchSpec(images, batchSize, options.text) },
    { name: 'restore images' },
  );
  const size = dimensions(images);
  const [originals, seen, restored] = [0, 1, 2].map(() => new Float32Array(images.count * size)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const { batch, count, start } of imageList(options)) {
    const args = { parameters: weights, batch: { ...batch, key: Int32Array.of(seed, start) } };
    const result = (await program.run(args, { ...(signal && { signal }) })) as {
      seen: Float32Array;
      restored: Float32Array;
    };
    originals.set(batch.images.subarray(0, count * size), start * size);
    seen.set(result.seen.subarray(0, count * size), start * size);
    restored.set(result.restored.subarray(0, count * size), start * size);
  }
  return { originals, seen, images: restored };
}
