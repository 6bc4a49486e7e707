import { type ImageBatchOptions, imageList, largestPixel } from '../data/images/batches.js';
import { dimensions } from '../data/images/image-set.js';
import { ConfigError } from '../errors.js';
import type { ImageSamplerOptions, SampleOptions } from './image-options.js';
import { sequentialSampler } from './sequential.js';

/** Images of which the upper rows were kept and the rest drawn; all [count, C, H, W]. */
export interface Completions {
  readonly originals: Float32Array;
  /** The originals, what is to be drawn in grey. */
  readonly kept: Float32Array;
  /** One list for each time the images were completed. */
  readonly completions: readonly Float32Array[];
}

export interface CompleteOptions extends Pick<SampleOptions, 'temperature' | 'signal'> {
  /** Share of the rows that are kept, from the top. */
  readonly keep: number;
  /** How often each image is completed, differently. Default 1. */
  readonly samples?: number;
  /** Of the draws. Default 0. */
  readonly seed?: number;
}

/**
 * Draws the lower part of images anew, given the upper part. Images that are whole numbers of rows of a model's values
 * (patches, codes) away from the cut are cut exactly; of others the row that is cut through is drawn from its middle.
 *
 * @throws ConfigError when the model does not draw value by value
 */
export async function completeImages(
  options: Omit<ImageSamplerOptions, 'batchSize'> & Omit<ImageBatchOptions, 'flip'>,
  { keep, samples = 1, seed = 0, temperature = 1, signal }: CompleteOptions,
): Promise<Completions> {
  const { engine, model, data, weights, images, pixels } = options;
  const { sequential } = model;
  if (sequential === undefined) {
    throw new ConfigError('This model does not draw images value by value, so it cannot go on from a half', {
      advice: 'The autoregressive models can: pixel-cnn, gated-pixel-cnn, image-gpt and their kin.',
    });
  }
  const size = dimensions(images);
  const originals = new Float32Array(images.count * size);
  const labels: number[] = [];
  for (const { batch, count, start } of imageList(options)) {
    originals.set(batch.images.subarray(0, count * size), start * size);
    labels.push(...batch.labels.subarray(0, count));
  }
  const rows = Math.round(keep * images.height);
  const known = Math.floor((rows / images.height) * sequential.length);
  const mask = new Uint8Array(sequential.length).fill(1, 0, known);
  const count = images.count * samples;
  const sample = await sequentialSampler({ engine, model, data, weights, batchSize: Math.min(64, count) }, sequential);
  const drawn = await sample({
    count,
    seed,
    temperature,
    known: { images: originals, mask },
    ...(data.classes > 0 && { labels }),
    ...(signal && { signal }),
  });
  const plane = images.height * images.width;
  const cut = rows * images.width;
  const grey = largestPixel(pixels) / 2;
  return {
    originals,
    kept: originals.map((value, index) => (index % plane < cut ? value : grey)),
    completions: Array.from({ length: samples }, (_, index) =>
      drawn.images.subarray(index * images.count * size, (index + 1) * images.count * size),
    ),
  };
}
