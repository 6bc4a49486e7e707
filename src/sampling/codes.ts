import { type ImageBatchOptions, imageBatchSpec, imageList } from '../data/images/batches.js';
import { dimensions } from '../data/images/image-set.js';
import { ConfigError } from '../errors.js';
import type { ImageModel, ImageTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import type { Tensor } from '../tensor/index.js';

/** Images as a model gives them back from their codes, beside what it was given; both [count, C, H, W]. */
export interface Reconstructions {
  readonly originals: Float32Array;
  readonly images: Float32Array;
}

interface ImagesThroughModel extends Omit<ImageBatchOptions, 'flip'> {
  engine: Engine;
  model: ImageModel;
  weights: StoreReference;
  signal?: AbortSignal;
}

/** Sends images through a model's code and back. @throws ConfigError when the model has none */
export async function reconstructImages(options: ImagesThroughModel): Promise<Reconstructions> {
  const { codec } = options.model;
  if (codec === undefined) throw new ConfigError('This model has no code that an image could be made again from');
  const { originals, results } = await runOver(options, 'reconstruct images', (parameters, batch) => ({
    images: codec.decode(parameters, codec.encode(parameters, batch), batch.labels),
  }));
  return { originals, images: results.images };
}

/** What a model was shown of images and what it made of that, beside the images; all [count, C, H, W]. */
export interface Restorations extends Reconstructions {
  readonly seen: Float32Array;
}

/** Shows a model parts of images, or noisy ones, and has them made whole. @throws ConfigError when it cannot */
export async function restoreImages(options: ImagesThroughModel): Promise<Restorations> {
  const { restorer } = options.model;
  if (restorer === undefined) throw new ConfigError('This model does not make images whole again');
  const { originals, results } = await runOver(options, 'restore images', (parameters, batch) => {
    const { seen, restored } = restorer.restore(parameters, batch);
    return { seen, images: restored };
  });
  return { originals, ...results };
}

/** Images through a function of them, batch by batch. */
async function runOver<Name extends string>(
  options: ImagesThroughModel,
  name: string,
  fn: (parameters: never, batch: ImageTensors) => Readonly<Record<Name, Tensor>>,
): Promise<{ originals: Float32Array; results: Record<Name, Float32Array> }> {
  const { engine, model, weights, images, batchSize, seed, signal } = options;
  const program = await engine.compile(
    (({ parameters, batch }: { parameters: never; batch: ImageTensors }) => fn(parameters, batch)) as never,
    { parameters: model.parameters, batch: imageBatchSpec(images, batchSize) },
    { name },
  );
  const size = dimensions(images);
  const originals = new Float32Array(images.count * size);
  const results: Partial<Record<Name, Float32Array>> = {};
  for (const { batch, count, start } of imageList(options)) {
    const args = { parameters: weights, batch: { ...batch, key: Int32Array.of(seed, start) } };
    const found = (await program.run(args, { ...(signal && { signal }) })) as Record<Name, Float32Array>;
    originals.set(batch.images.subarray(0, count * size), start * size);
    for (const part of Object.keys(found) as Name[]) {
      const whole = (results[part] ??= new Float32Array(images.count * size));
      whole.set(found[part].subarray(0, count * size), start * size);
    }
  }
  return { originals, results: results as Record<Name, Float32Array> };
}
