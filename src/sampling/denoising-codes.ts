import { type ImageBatchOptions, imagesAsSeen } from '../data/images/batches.js';
import type { ImageCoder } from './codes.js';
import { denoiserOf, denoisingModel } from './denoising.js';
import type { DenoisingOptions, ImageSamplerOptions } from './image-options.js';
import { onArc } from './noise.js';

/**
 * The noise that images are drawn from, as their codes (Song et al. 2021, section 5.3): there by DDIM's steps in the
 * other direction, and back by DDIM.
 */
export async function denoisingCoder(
  options: Omit<ImageSamplerOptions, 'batchSize'> &
    Omit<ImageBatchOptions, 'flip'> & { readonly denoising?: DenoisingOptions },
): Promise<ImageCoder> {
  const { model, denoising = {} } = options;
  // Guidance leads elsewhere than it came from.
  const settings: DenoisingOptions = { guidance: 1, ...denoising, sampler: 'ddim', eta: 0 };
  const denoises = await denoisingModel(options, denoiserOf(model));
  return {
    async encode({ signal } = {}) {
      const { images, labels } = imagesAsSeen(options);
      const asked = { labels, seed: 0, denoising: settings, ...(signal && { signal }) };
      const x = await denoises.encode(images, labels, signal);
      return { images, labels, codes: await denoises.invert({ ...asked, x }) };
    },
    async decode(codes, labels, { signal } = {}) {
      const asked = { labels, seed: 0, denoising: settings, ...(signal && { signal }) };
      return denoises.decode(await denoises.draw({ ...asked, x: codes }), signal);
    },
    between: onArc,
  };
}
