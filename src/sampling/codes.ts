import { type ImageBatchOptions, imageBatchSpec, imageList } from '../data/images/batches.js';
import { dimensions } from '../data/images/image-set.js';
import { ConfigError } from '../errors.js';
import type { ImageModel, ImageTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import { type Tensor, trace } from '../tensor/index.js';

/** Images to codes and back, for any number of them. */

export interface ImageCodes {
  /** What was encoded, as the model sees it: [count, C, H, W]. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** [count, …] */
  readonly codes: Float32Array;
}

export interface ImageCoder {
  encode(options?: { signal?: AbortSignal }): Promise<ImageCodes>;
  /** codes [count, …] → images [count, C, H, W] */
  decode(codes: Float32Array, labels: Int32Array, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  /** A code between two. Default: on the line. */
  readonly between?: (from: Float32Array, to: Float32Array, share: number) => Float32Array;
}

/** Compiles a model's code for a set of images. @throws ConfigError when the model has none */
export async function imageCoder(
  options: Omit<ImageBatchOptions, 'flip'> & { engine: Engine; model: ImageModel; weights: StoreReference },
): Promise<ImageCoder> {
  const { engine, model, weights, images, batchSize, seed } = options;
  const { codec, parameters } = model;
  if (codec === undefined)
    throw new ConfigError('This model has no code that an image could be made again from', {
      advice: 'Take an auto-encoder, a flow, or a model that takes noise away.',
    });
  const batch = imageBatchSpec(images, batchSize, options.text);
  const encode = ((given: { parameters: never; batch: ImageTensors }) => ({
    code: codec.encode(given.parameters, given.batch),
  })) as never;
  const code = trace(encode, { parameters, batch }).outputs[0]!.tensor;
  const encoder = await engine.compile(encode, { parameters, batch }, { name: 'encode images' });
  const decoder = await engine.compile(
    ((given: { parameters: never; code: Tensor; labels: Tensor }) => ({
      images: codec.decode(given.parameters, given.code, given.labels),
    })) as never,
    { parameters, code: { shape: code.shape, dtype: code.dtype }, labels: batch.labels },
    { name: 'decode images' },
  );
  const imageSize = dimensions(images);
  const codeSize = code.size / batchSize;
  return {
    async encode({ signal } = {}) {
      const result = {
        images: new Float32Array(images.count * imageSize),
        labels: new Int32Array(images.count),
        codes: new Float32Array(images.count * codeSize),
      };
      for (const { batch: given, count, start } of imageList(options)) {
        const args = { parameters: weights, batch: { ...given, key: Int32Array.of(seed, start) } };
        const encoded = (await encoder.run(args, { ...(signal && { signal }) })) as { code: Float32Array };
        result.images.set(given.images.subarray(0, count * imageSize), start * imageSize);
        result.labels.set(given.labels.subarray(0, count), start);
        result.codes.set(encoded.code.subarray(0, count * codeSize), start * codeSize);
      }
      return result;
    },
    async decode(codes, labels, { signal } = {}) {
      const count = codes.length / codeSize;
      const decoded = new Float32Array(count * imageSize);
      for (let start = 0; start < count; start += batchSize) {
        const part = new Float32Array(batchSize * codeSize);
        part.set(codes.subarray(start * codeSize, (start + batchSize) * codeSize));
        const classes = new Int32Array(batchSize);
        classes.set(labels.subarray(start, start + batchSize));
        const args = { parameters: weights, code: part, labels: classes };
        const result = (await decoder.run(args, { ...(signal && { signal }) })) as { images: Float32Array };
        const rows = Math.min(batchSize, count - start);
        decoded.set(result.images.subarray(0, rows * imageSize), start * imageSize);
      }
      return decoded;
    },
  };
}

/** Images as a model gives them back from their codes, beside what it was given; both [count, C, H, W]. */
export interface Reconstructions {
  readonly originals: Float32Array;
  readonly images: Float32Array;
}

/** Sends the images of a coder through the code and back. */
export async function reconstructImages(
  coder: ImageCoder,
  options: { signal?: AbortSignal } = {},
): Promise<Reconstructions> {
  const { images: originals, labels, codes } = await coder.encode(options);
  return { originals, images: await coder.decode(codes, labels, options) };
}
