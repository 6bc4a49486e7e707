import { type ImageBatchOptions, imagesAsSeen } from '../data/images/batches.js';
import type { ImageCoder } from './codes.js';
import { denoiserOf, denoisingModel } from './denoising.js';
import type { DenoisingOptions, ImageSamplerOptions } from './image-options.js';

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
    between: onTheSphere,
  };
}

/** Of two noises, a noise of the same length between them: on the great circle, not on the line through the inside. */
export function onTheSphere(from: Float32Array, to: Float32Array, share: number): Float32Array {
  let [dot, one, other] = [0, 0, 0];
  from.forEach((value, index) => {
    dot += value * to[index]!;
    one += value ** 2;
    other += to[index]! ** 2;
  });
  const angle = Math.acos(Math.min(1, Math.max(-1, dot / Math.sqrt(one * other))));
  // Of two noises that point the same way the circle is the line.
  const [a, b] =
    Math.sin(angle) < 1e-6
      ? [1 - share, share]
      : [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)];
  return from.map((value, index) => a * value + b * to[index]!);
}
