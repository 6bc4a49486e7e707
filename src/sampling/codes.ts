import { type ImageBatchOptions, imageBatchSpec, imageList } from '../data/images/batches.js';
import { dimensions } from '../data/images/image-set.js';
import { ConfigError } from '../errors.js';
import type { ImageModel, ImageTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';

/** Images as a model gives them back from their codes, beside what it was given; both [count, C, H, W]. */
export interface Reconstructions {
  readonly originals: Float32Array;
  readonly images: Float32Array;
}

/** Sends images through a model's code and back. @throws ConfigError when the model has none */
export async function reconstructImages(
  options: Omit<ImageBatchOptions, 'flip'> & {
    engine: Engine;
    model: ImageModel;
    weights: StoreReference;
    signal?: AbortSignal;
  },
): Promise<Reconstructions> {
  const { engine, model, weights, images, batchSize, seed, signal } = options;
  const { codec } = model;
  if (codec === undefined) throw new ConfigError('This model has no code that an image could be made again from');
  const program = await engine.compile(
    (({ parameters, batch }: { parameters: never; batch: ImageTensors }) => ({
      images: codec.decode(parameters, codec.encode(parameters, batch), batch.labels),
    })) as never,
    { parameters: model.parameters, batch: imageBatchSpec(images, batchSize) },
    { name: 'reconstruct images' },
  );
  const size = dimensions(images);
  const originals = new Float32Array(images.count * size);
  const decoded = new Float32Array(images.count * size);
  for (const { batch, count, start } of imageList(options)) {
    const args = { parameters: weights, batch: { ...batch, key: Int32Array.of(seed, start) } };
    const result = (await program.run(args, { ...(signal && { signal }) })) as { images: Float32Array };
    originals.set(batch.images.subarray(0, count * size), start * size);
    decoded.set(result.images.subarray(0, count * size), start * size);
  }
  return { originals, images: decoded };
}
