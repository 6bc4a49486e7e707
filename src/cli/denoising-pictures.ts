import { type ImageSet, sliceImages } from '../data/images/image-set.js';
import { encodeGif } from '../formats/animation.js';
import { type Canvas, encodePng } from '../formats/pictures.js';
import { labelsFor, tokensFor } from '../sampling/image-options.js';
import type { SampleOptions } from '../sampling/images.js';
import { type ImageToImageOptions, imageToImage } from '../sampling/image-to-image.js';
import { imagesPicture, interleave } from './image-pictures.js';
import type { OpenImageModel } from './open-image-model.js';

/** Pictures of what models that take noise away can do and others cannot. */

/** Images on their way from noise: at every moment shown what they seem to become, the last is what they are. */
export interface DenoisingStrip {
  /** One list [count, C, H, W] for each moment. */
  readonly moments: readonly Float32Array[];
}

const momentsShown = 10;

/** Draws images and looks on, at so many steps evenly spaced. */
export async function denoisingStrip(
  open: OpenImageModel,
  { count, labels, captions, seed = 0, signal, ...asked }: SampleOptions,
): Promise<DenoisingStrip> {
  const denoises = await open.denoising({ batchSize: Math.min(64, count) });
  const steps = denoises.sigmas(asked.denoising).length - 1;
  const shown = Math.min(momentsShown, steps);
  const moments = Array.from({ length: shown }, (_, index) => Math.floor((index * steps) / shown));
  const seen = moments.map(() => new Float32Array(count * denoises.size));
  const tokens = tokensFor(count, open.data.text, captions);
  const last = await denoises.draw({
    ...{ labels: labelsFor(count, open.data.classes, labels), seed },
    ...(tokens && { tokens }),
    ...asked,
    seen: (clean, step, start) => seen[moments.indexOf(step)]?.set(clean, start * denoises.size),
    ...(signal && { signal }),
  });
  const images: Float32Array[] = [];
  for (const clean of [...seen, last]) images.push(await denoises.decode(clean, signal));
  return { moments: images };
}

/** In each row an image, from noise to the right; or as a GIF all images together, moving. */
export function encodeStrip(open: OpenImageModel, { moments }: DenoisingStrip, file: string): Uint8Array {
  if (/\.gif$/i.test(file)) {
    const frames = moments.map((images) => imagesPicture(open, images));
    return encodeGif(frames, { delay: 150, hold: 1500 });
  }
  const count = moments[0]!.length / (open.data.channels * open.data.height * open.data.width);
  return encodePng(imagesPicture(open, interleave(moments, count, 1), { columns: moments.length }));
}

/** Rows of images, each above the row of those that were drawn from them. */
export async function imageToImagePicture(
  open: OpenImageModel,
  set: ImageSet,
  { count, ...asked }: ImageToImageOptions & { readonly count: number },
): Promise<Canvas> {
  const shown = sliceImages(set, 0, count);
  const { engine, model, data, weights } = open;
  const { originals, images } = await imageToImage({ ...open.batches(shown), engine, model, data, weights }, asked);
  const columns = Math.min(8, shown.count);
  return imagesPicture(open, interleave([originals, images], shown.count, columns), { columns });
}
