import { largestPixel } from '../data/images/batches.js';
import { type ImageSet, dimensions, sliceImages } from '../data/images/image-set.js';
import { DataError } from '../errors.js';
import { type Canvas, type GridOptions, grid } from '../formats/pictures.js';
import type { CompleteOptions } from '../sampling/complete.js';
import type { Completions } from '../sampling/image-options.js';
import type { DenoisingOptions, SampleOptions } from '../sampling/images.js';
import type { InpaintOptions } from '../sampling/inpaint.js';
import type { OpenImageModel } from './open-image-model.js';

/** Pictures of what a model does, for commands and recipes alike. */

/** Images of a model's size as a picture. */
export const imagesPicture = (open: OpenImageModel, values: Float32Array, options: GridOptions = {}): Canvas =>
  grid({ ...open.images, values, largest: largestPixel(open.images.pixels) }, { scale: scaleFor(open), ...options });

/** Small images are drawn twice as large. */
const scaleFor = ({ images }: OpenImageModel): number => (Math.max(images.height, images.width) <= 32 ? 2 : 1);

export async function samplePicture(
  open: OpenImageModel,
  { columns, ...options }: SampleOptions & Pick<GridOptions, 'columns'>,
): Promise<Canvas> {
  const sample = await open.sampler({ batchSize: Math.min(64, options.count) });
  const { images } = await sample(options);
  return imagesPicture(open, images, { ...(columns !== undefined && { columns }) });
}

interface OfImages {
  /** How many of the images. */
  readonly count: number;
  readonly signal?: AbortSignal;
}

/** Rows of images, each above the row of what became of them through the model's code. */
export async function reconstructionPicture(
  open: OpenImageModel,
  set: ImageSet,
  { count, signal }: OfImages,
): Promise<Canvas> {
  const shown = sliceImages(set, 0, count);
  const { originals, images } = await open.reconstruct(shown, { ...(signal && { signal }) });
  const columns = Math.min(8, shown.count);
  return imagesPicture(open, interleave([originals, images], shown.count, columns), { columns });
}

/** Rows of images, each above the rows of what the model was shown of them and what it made of that. */
export async function restorationPicture(
  open: OpenImageModel,
  set: ImageSet,
  { count, signal }: OfImages,
): Promise<Canvas> {
  const { originals, seen, images } = await open.restore(sliceImages(set, 0, count), { ...(signal && { signal }) });
  const shown = Math.min(count, set.count);
  const columns = Math.min(8, shown);
  return imagesPicture(open, interleave([originals, seen, images], shown, columns), { columns });
}

/** In each row an image, what was kept of it, and its completions. */
export async function completionPicture(
  open: OpenImageModel,
  set: ImageSet,
  { count, ...options }: OfImages & CompleteOptions,
): Promise<Canvas> {
  const shown = sliceImages(set, 0, count);
  return completionsPicture(open, await open.complete(shown, options));
}

function completionsPicture(open: OpenImageModel, { originals, kept, completions }: Completions): Canvas {
  const lists = [originals, kept, ...completions];
  const count = originals.length / dimensions(open.images);
  return imagesPicture(open, interleave(lists, count, 1), { columns: lists.length });
}

/** In each row an image, what was kept of it, and what was drawn in its place, several times. */
export async function inpaintingPicture(
  open: OpenImageModel,
  set: ImageSet,
  { count, ...options }: OfImages & InpaintOptions,
): Promise<Canvas> {
  const shown = sliceImages(set, 0, count);
  return completionsPicture(open, await open.inpaint(shown, options));
}

/**
 * Rows of images, the codes between whose ends lie on a line: [rows, steps] images, each of the class of the nearer end.
 *
 * @throws DataError when there are no two images
 */
export async function interpolations(
  open: Pick<OpenImageModel, 'coder'>,
  set: ImageSet,
  { count, steps, denoising, signal }: OfImages & { readonly steps: number; readonly denoising?: DenoisingOptions },
): Promise<Float32Array> {
  if (set.count < 2) {
    throw new DataError(`${set.name}: ${set.count} images; between two of them there are others`, {
      advice: 'Give two images or more.',
    });
  }
  const coder = await open.coder(sliceImages(set, 0, 2 * count), denoising);
  const { codes, labels } = await coder.encode({ ...(signal && { signal }) });
  const way = coder.between ?? onTheLine;
  const rows = labels.length >> 1;
  const size = codes.length / labels.length;
  const between = new Float32Array(rows * steps * size);
  const classes = new Int32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [0, 1].map((end) => codes.subarray((2 * row + end) * size, (2 * row + end + 1) * size));
    for (let step = 0; step < steps; step++) {
      const share = steps === 1 ? 0 : step / (steps - 1);
      const place = row * steps + step;
      between.set(way(from!, to!, share), place * size);
      classes[place] = labels[2 * row + (share < 0.5 ? 0 : 1)]!;
    }
  }
  return coder.decode(between, classes, { ...(signal && { signal }) });
}

const onTheLine = (from: Float32Array, to: Float32Array, share: number): Float32Array =>
  from.map((value, index) => value + share * (to[index]! - value));

/** Rows of the first lists of images, each above the rows of the next lists; what is missing of the last row is 0. */
export function interleave(lists: readonly Float32Array[], count: number, columns: number): Float32Array {
  const size = lists[0]!.length / count;
  const rows = Math.ceil(count / columns);
  const values = new Float32Array(lists.length * rows * columns * size);
  for (let row = 0; row < rows; row++) {
    lists.forEach((list, index) => {
      const part = list.subarray(row * columns * size, Math.min(count, (row + 1) * columns) * size);
      values.set(part, (row * lists.length + index) * columns * size);
    });
  }
  return values;
}
