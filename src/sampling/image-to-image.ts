import { type ImageBatchOptions, imagesAsSeen } from '../data/images/batches.js';
import { ConfigError } from '../errors.js';
import { lastSteps } from '../families/diffusion/schedules.js';
import { denoiserOf, denoisingModel } from './denoising.js';
import { type ImageSamplerOptions, type SampleOptions, tokensFor } from './image-options.js';

export interface ImageToImageOptions extends Pick<
  SampleOptions,
  'seed' | 'captions' | 'temperature' | 'denoising' | 'signal'
> {
  /**
   * Share of all steps that an image goes back before it is drawn again (Meng et al. 2022, SDEdit): the more, the less
   * is left of it. Default 1: it begins from noise alone, of a model that is given something of the image.
   */
  readonly strength?: number;
}

/**
 * Draws an image from each image: from a noisy version of it, or by what the model is given of it. Both [count, C, H, W].
 *
 * @throws ConfigError where nothing of an image would be left
 */
export async function imageToImage(
  options: Omit<ImageSamplerOptions, 'batchSize'> & Omit<ImageBatchOptions, 'flip'>,
  { strength, seed = 0, captions, signal, ...asked }: ImageToImageOptions,
): Promise<{ originals: Float32Array; images: Float32Array }> {
  const { images: originals, labels } = imagesAsSeen(options);
  const denoises = await denoisingModel(options, denoiserOf(options.model));
  if (strength === undefined && denoises.give === undefined) {
    throw new ConfigError('Without a strength nothing of these images would be left', {
      advice: 'Say which share of the noise they get: --strength 0.6. Or leave them out.',
    });
  }
  const from = strength !== undefined && {
    sigmas: lastSteps(denoises.sigmas(asked.denoising), strength),
    from: await denoises.encode(originals, labels, signal),
  };
  const tokens = tokensFor(labels.length, options.data.text, captions);
  const given = await denoises.give?.(originals, signal);
  const clean = await denoises.draw({
    ...{ labels, seed },
    ...(tokens && { tokens }),
    ...asked,
    ...from,
    ...(given && { given }),
    ...(signal && { signal }),
  });
  return { originals, images: await denoises.decode(clean, signal) };
}
