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
  /** How many rows of pixels there are when so many rows of values are: from what was kept to the height. */
  readonly edges: readonly number[];
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
 * Draws the lower part of images anew, given the upper part: completion n of image i is the first of seed + n, whatever
 * the number of images. What is kept ends with a whole row of the model's values (patches, codes), and nothing of what
 * lies below the cut is seen by the model.
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
  const { height, width, count } = images;
  const rowLength = sequential.row?.length ?? sequential.rowLength ?? sequential.length;
  const rows = sequential.length / rowLength;
  const knownRows = Math.floor((Math.round(keep * height) * rows) / height);
  const mask = new Uint8Array(sequential.length).fill(1, 0, knownRows * rowLength);
  const edges = Array.from({ length: rows - knownRows + 1 }, (_, row) =>
    Math.floor(((knownRows + row) * height) / rows),
  );
  const cut = edges[0]! * width;
  const grey = largestPixel(pixels) / 2;
  const kept = originals.map((value, index) => (index % (height * width) < cut ? value : grey));
  const sample = await sequentialSampler({ engine, model, data, weights, batchSize: Math.min(64, count) }, sequential);
  const completions: Float32Array[] = [];
  for (let index = 0; index < samples; index++) {
    const drawn = await sample({
      count,
      seed: seed + index,
      temperature,
      known: { images: kept, mask },
      ...(data.classes > 0 && { labels }),
      ...(signal && { signal }),
    });
    completions.push(drawn.images);
  }
  return { originals, kept, completions, edges };
}
