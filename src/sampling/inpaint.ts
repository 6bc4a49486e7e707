import { type ImageBatchOptions, imagesAsSeen, largestPixel } from '../data/images/batches.js';
import { ConfigError } from '../errors.js';
import type { Denoise } from '../families/diffusion/samplers.js';
import { resampled } from '../families/diffusion/schedules.js';
import { type DenoisingModel, denoiserOf, denoisingModel } from './denoising.js';
import type { Completions, ImageSamplerOptions, SampleOptions } from './image-options.js';
import { noiseOf } from './noise.js';

export interface InpaintOptions extends Pick<SampleOptions, 'temperature' | 'denoising' | 'signal'> {
  /** For each pixel [H, W]: 1 where it is to be drawn anew. */
  readonly drawn: Uint8Array;
  /** How often each image is drawn, differently. Default 1. */
  readonly samples?: number;
  /** Of the draws; sample n is the first of seed + n. Default 0. */
  readonly seed?: number;
  /** Times that each part of the way is gone (RePaint), so that what is drawn agrees with what is kept. Default 1. */
  readonly times?: number;
}

/**
 * Draws a part of images anew, given the rest (Lugmayr et al. 2022, RePaint): at every step what is kept is put back, as
 * noisy as the rest is then. The model sees nothing of what is drawn anew.
 *
 * @throws ConfigError when the model does not take noise away, or the mask is of another size
 */
export async function inpaintImages(
  options: Omit<ImageSamplerOptions, 'batchSize'> & Omit<ImageBatchOptions, 'flip'>,
  asked: InpaintOptions,
): Promise<Completions> {
  const { drawn, samples = 1, seed = 0, times = 1, temperature = 1, denoising = {}, signal } = asked;
  const { model, data, images, pixels } = options;
  const { height, width, channels } = data;
  const area = height * width;
  if (drawn.length !== area) throw new ConfigError(`The mask has ${drawn.length} pixels, and an image ${area}`);
  const denoiser = denoiserOf(model);
  const { sampler = 'ddpm' } = denoising;
  if (times > 1 && sampler !== 'ddpm' && sampler !== 'ddim') {
    throw new ConfigError(`sampler ${sampler}: it cannot go back up to more noise`, { advice: 'Take ddpm or ddim.' });
  }
  const { images: originals, labels } = imagesAsSeen(options);
  const grey = largestPixel(pixels) / 2;
  const kept = originals.map((value, at) => (drawn[at % area] === 1 ? grey : value));
  const denoises = await denoisingModel({ ...options, batchSize: Math.min(64, images.count) }, denoiser);
  const known = {
    clean: await denoises.encode(kept, labels, signal),
    drawn: maskOf(drawn, { height, width, channels }, denoiser.shape),
  };
  const completions: Float32Array[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const clean = await denoises.draw({
      ...{ labels, seed: seed + sample, temperature },
      denoising: { ...denoising, sampler },
      sigmas: resampled(denoises.sigmas(denoising), times),
      wrap: keeping(denoises, known, seed + sample),
      ...(signal && { signal }),
    });
    const made = await denoises.decode(clean, signal);
    // To the last bit, whatever a code makes of it.
    completions.push(made.map((value, at) => (drawn[at % area] === 1 ? value : originals[at]!)));
  }
  return { originals, kept, completions };
}

/** What is known of what is denoised: its values [count, …shape], and for each number of one 1 where it is drawn anew. */
interface Known {
  readonly clean: Float32Array;
  readonly drawn: Uint8Array;
}

/** Puts what is known in the place of what was drawn there, before and after the denoiser looks. */
const keeping =
  ({ size }: Pick<DenoisingModel, 'size'>, { clean, drawn }: Known, seed: number) =>
  (denoise: Denoise, start: number): Denoise =>
  async (x, sigma, step) => {
    const seen = Float32Array.from(x);
    const rows = Math.min(x.length / size, clean.length / size - start);
    for (let row = 0; row < rows; row++) {
      const noise = noiseOf(seed, `noise of what is kept, step ${step}`, start + row, size);
      for (let i = 0; i < size; i++) {
        if (drawn[i] === 0) seen[row * size + i] = clean[(start + row) * size + i]! + sigma * noise[i]!;
      }
    }
    const denoised = await denoise(seen, sigma, step);
    const made = Float32Array.from(denoised.clean);
    for (let at = 0; at < rows * size; at++) if (drawn[at % size] === 0) made[at] = clean[start * size + at]!;
    return { ...denoised, clean: made };
  };

/** A mask of pixels as one of what is denoised: a number of a code is drawn anew where any of its pixels is. */
function maskOf(
  drawn: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number; readonly channels: number },
  [channels, rows, columns]: readonly number[],
): Uint8Array {
  const [high, wide] = [height / rows!, width / columns!];
  const mask = new Uint8Array(channels! * rows! * columns!);
  for (let at = 0; at < mask.length; at++) {
    const row = Math.floor(at / columns!) % rows!;
    const column = at % columns!;
    for (let y = Math.floor(row * high); y < (row + 1) * high; y++)
      for (let x = Math.floor(column * wide); x < (column + 1) * wide; x++)
        if (drawn[y * width + x] === 1) mask[at] = 1;
  }
  return mask;
}
