import { type ImageBatchOptions, imagesAsSeen, largestPixel } from '../data/images/batches.js';
import { ConfigError } from '../errors.js';
import { type Completions, type ImageSamplerOptions, type SampleOptions, rejectDenoising } from './image-options.js';
import { inpaintImages } from './inpaint.js';
import { sequentialSampler } from './sequential.js';

export interface CompleteOptions extends Pick<SampleOptions, 'temperature' | 'denoising' | 'signal'> {
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
 * lies below the cut is seen by the model. A denoiser keeps rows of pixels by inpainting.
 *
 * @throws ConfigError when the model neither draws value by value nor takes noise away
 */
export async function completeImages(
  options: Omit<ImageSamplerOptions, 'batchSize'> & Omit<ImageBatchOptions, 'flip'>,
  asked: CompleteOptions,
): Promise<Completions> {
  const { keep, samples = 1, seed = 0, temperature = 1, signal } = asked;
  const { engine, model, data, weights, images, pixels } = options;
  const { sequential, denoiser } = model;
  const { height, width, count } = images;
  if (sequential === undefined && denoiser !== undefined) {
    const cut = Math.round(keep * height) * width;
    const drawn = Uint8Array.from({ length: height * width }, (_, at) => Number(at >= cut));
    return inpaintImages(options, { ...asked, drawn });
  }
  if (sequential === undefined) {
    throw new ConfigError('This model does not draw images value by value, so it cannot go on from a half', {
      advice:
        'The autoregressive models can: pixel-cnn, gated-pixel-cnn, image-gpt and their kin; and ddpm and its kin.',
    });
  }
  rejectDenoising(asked);
  const { images: originals, labels } = imagesAsSeen(options);
  const rowLength = sequential.row?.length ?? sequential.rowLength ?? sequential.length;
  const rows = sequential.length / rowLength;
  const knownRows = Math.floor((Math.round(keep * height) * rows) / height);
  const mask = new Uint8Array(sequential.length).fill(1, 0, knownRows * rowLength);
  const cut = Math.floor((knownRows * height) / rows) * width;
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
      ...(data.classes > 0 && { labels: [...labels] }),
      ...(signal && { signal }),
    });
    completions.push(drawn.images);
  }
  return { originals, kept, completions };
}
