import { largestPixel } from '../data/images/batches.js';
import { type ImageSet, dimensions, sliceImages } from '../data/images/image-set.js';
import { ConfigError, DataError } from '../errors.js';
import { type Canvas, type GridOptions, grid } from '../formats/pictures.js';
import type { CompleteOptions } from '../sampling/complete.js';
import type { Completions } from '../sampling/image-options.js';
import type { DenoisingOptions, SampleOptions } from '../sampling/images.js';
import type { InpaintOptions } from '../sampling/inpaint.js';
import { noiseOf, noiseWalk } from '../sampling/noise.js';
import type { OpenImageModel } from './open-image-model.js';

/** Pictures of what a model does, for commands and recipes alike. */

/** Images of a model's size as a picture. */
export const imagesPicture = (
  open: Pick<OpenImageModel, 'images'>,
  values: Float32Array,
  options: GridOptions = {},
): Canvas =>
  grid({ ...open.images, values, largest: largestPixel(open.images.pixels) }, { scale: scaleFor(open), ...options });

/** Small images are drawn twice as large. */
const scaleFor = ({ images }: Pick<OpenImageModel, 'images'>): number =>
  Math.max(images.height, images.width) <= 32 ? 2 : 1;

/** Images that a model draws, in rows. */
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

/** A picture, and the frames on the way to it. */
export interface Strip {
  readonly canvas: Canvas;
  readonly frames: () => readonly Canvas[];
}

/** In each row an image, what was kept of it, and its completions; on the way, these grow row by row. */
export async function completionStrip(
  open: Pick<OpenImageModel, 'images' | 'complete'>,
  set: ImageSet,
  { count, ...options }: OfImages & CompleteOptions,
): Promise<Strip> {
  const shown = sliceImages(set, 0, count);
  const { edges, ...drawn } = await open.complete(shown, options);
  const { height, width } = shown;
  const until = (edge: number) => (completion: Float32Array) =>
    completion.map((value, at) => (at % (height * width) < edge * width ? value : drawn.kept[at]!));
  return {
    canvas: completionsPicture(open, drawn),
    frames: () =>
      edges.map((edge) => completionsPicture(open, { ...drawn, completions: drawn.completions.map(until(edge)) })),
  };
}

function completionsPicture(
  open: Pick<OpenImageModel, 'images'>,
  { originals, kept, completions }: Pick<Completions, 'originals' | 'kept' | 'completions'>,
): Canvas {
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

/** Rows of images, each drawn from noise on the arc between two noises; of a model of classes, each row of one class. */
export async function noiseWalks(
  open: OpenImageModel,
  {
    count,
    steps,
    seed = 0,
    ...options
  }: OfImages & { readonly steps: number } & Omit<SampleOptions, 'noise' | 'labels'>,
): Promise<Float32Array> {
  const sample = await open.sampler({ batchSize: Math.min(64, count * steps) });
  const classes = Math.max(1, open.data.classes);
  const labels = Array.from({ length: count * steps }, (_, index) => Math.floor(index / steps) % classes);
  const asked = { ...options, seed, count: count * steps, noise: noiseWalk(seed, steps) };
  const { images } = await sample({ ...asked, ...(open.data.classes > 0 && { labels }) });
  return images;
}

/**
 * Coarse features by row and fine ones by column, the images that they come from at the left and at the top.
 *
 * @throws ConfigError when the model does not tell them apart
 */
export async function mixingPicture(
  open: OpenImageModel,
  { count, seed = 0, controls, ...options }: SampleOptions,
): Promise<Canvas> {
  const mixing = open.model.generative?.mixing;
  if (mixing === undefined) {
    throw new ConfigError(`A ${open.definition.name} does not tell coarse features from fine ones`, {
      advice: 'style-gan does.',
    });
  }
  const columns = count + 1;
  const sample = await open.sampler({ batchSize: Math.min(64, columns ** 2) });
  const source = (name: string, index: number, size: number): Float32Array => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    // Rows come from images 1 to n, columns from those after them, and the grain of all from image 0.
    const isRow = column === 0 || (row > 0 && name === mixing.coarse);
    const from = isRow ? row : count + column;
    return noiseOf(seed, mixing.coarse, from, size);
  };
  const { images } = await sample({
    ...options,
    count: columns ** 2,
    noise: (name, index, size) =>
      name === mixing.coarse || name === mixing.fine ? source(name, index, size) : noiseOf(seed, name, 0, size),
    controls: { ...controls, [mixing.control]: mixing.at },
    ...(options.labels === undefined && open.data.classes > 0 && { labels: 0 }),
  });
  images.fill(largestPixel(open.images.pixels), 0, images.length / columns ** 2);
  return imagesPicture(open, images, { columns });
}

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
