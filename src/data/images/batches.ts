import { counterRandom, integer, shuffle } from '../../tensor/random.js';
import { DataError } from '../../errors.js';
import type { Json } from '../json.js';
import { readPosition } from '../state.js';
import { type Augmentation, augmented } from './augment.js';
import type { CaptionTokens } from './caption-tokens.js';
import { type ImageSet, type ImageShape, dimensions, imageAt, placeOf } from './image-set.js';
import { float32, int32 } from '../../tensor/index.js';

/**
 * What a pixel is to a model. `bytes`: 0 to 255. `dynamic`: 0 or 1, drawn anew each time with the grey value as the
 * probability (Salakhutdinov & Murray 2008); `static`: drawn so once and for all; `threshold`: 1 from 128 on.
 */
export const discretisations = ['bytes', 'dynamic', 'static', 'threshold'] as const;
export type Discretisation = (typeof discretisations)[number];

/** The largest value of a pixel. */
export const largestPixel = (pixels: Discretisation): number => (pixels === 'bytes' ? 255 : 1);

/**
 * images float32 [B, C, H, W] in whole numbers; labels int32 [B], all 0 where there are none; tokens int32 [B, length]
 * where captions are read, all 0 for an image that has none.
 */
export interface ImageBatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly [key: string]: Float32Array | Int32Array;
}

export interface ImageBatchOptions extends Augmentation {
  readonly images: ImageSet;
  readonly batchSize: number;
  readonly pixels: Discretisation;
  readonly seed: number;
  /** Gives batches the captions too: in training one of each image's by chance, in a list the first. */
  readonly text?: CaptionTokens;
}

/** An endless stream of image batches: every image once an epoch, in an order by (seed, epoch). */
export interface ImageBatches {
  next(): ImageBatch;
  state(): Json;
  restore(state: Json): void;
  describe(): string;
  readonly batchSize: number;
  /** What the rate is counted in: images. */
  readonly tokensPerBatch: number;
}

/** @throws DataError when there are no images */
export function imageBatches(options: ImageBatchOptions): ImageBatches {
  const { images, batchSize, pixels, seed, text, flip = false, shift = 0, jitter = 0 } = options;
  if (images.count === 0) throw new DataError(`${images.name}: there are no images to train on`);
  const order = new Uint32Array(images.count);
  let drawn = 0;
  let epochOfOrder = -1;
  const nextIndex = (): number => {
    const epoch = Math.floor(drawn / images.count);
    if (epoch !== epochOfOrder) {
      for (let i = 0; i < order.length; i++) order[i] = i;
      shuffle(counterRandom(seed, 'epoch of images', epoch), order);
      epochOfOrder = epoch;
    }
    return order[drawn++ % images.count]!;
  };
  return {
    batchSize,
    tokensPerBatch: batchSize,
    next() {
      const changes = counterRandom(seed, 'flips', drawn);
      const chosen = counterRandom(seed, 'captions', drawn);
      const draw = pixels === 'dynamic' ? counterRandom(seed, 'binarisation', drawn) : undefined;
      const indices = Array.from({ length: batchSize }, nextIndex);
      const drawOf = (index: number): Draw => (pixels === 'static' ? staticDraw(images, index) : draw);
      const isPlain = !flip && shift === 0 && jitter === 0;
      return readBatch({
        ...{ images, indices, pixels, drawOf },
        ...(!isPlain && { change: (image) => augmented(image, images, { flip, shift, jitter }, changes) }),
        ...(text && { text, captionFrom: (count) => integer(chosen, count) }),
      });
    },
    state: () => ({ drawn, images: images.count }),
    restore(state) {
      drawn = readPosition(state, ['drawn'], { images: images.count }).drawn;
    },
    describe: () => `${batchSize} of ${images.count.toLocaleString('en-US')} images (${images.name}), seed ${seed}`,
  };
}

/** A batch, and how many of its rows count; the others only fill the shape. */
export interface CountedImages {
  readonly batch: ImageBatch;
  readonly count: number;
  /** Of the first row. */
  readonly start: number;
}

/** All images once and in order, e.g. to measure on. Draws of a binarisation go by (seed, image), whatever the batch. */
export function* imageList(options: Omit<ImageBatchOptions, 'flip'>): Generator<CountedImages> {
  const { images, batchSize, pixels, seed, text } = options;
  const drawOf = (index: number) => listDraw(images, index, pixels, seed);
  for (let start = 0; start < images.count; start += batchSize) {
    const count = Math.min(batchSize, images.count - start);
    const indices = Array.from({ length: batchSize }, (_, row) => start + Math.min(row, count - 1));
    yield { batch: readBatch({ images, indices, pixels, drawOf, ...(text && { text }) }), count, start };
  }
}

/** All images in order as a model sees them, [count, C, H, W], and their labels. */
export function imagesAsSeen(options: Omit<ImageBatchOptions, 'flip'>): { images: Float32Array; labels: Int32Array } {
  const { count } = options.images;
  const size = dimensions(options.images);
  const all = { images: new Float32Array(count * size), labels: new Int32Array(count) };
  for (const { batch, count: rows, start } of imageList(options)) {
    all.images.set(batch.images.subarray(0, rows * size), start * size);
    all.labels.set(batch.labels.subarray(0, rows), start);
  }
  return all;
}

/** The same images with pixels of two values, 0 and 255, where a model knows no others: those that `imageList` gives it. */
export function discretised(images: ImageSet, pixels: Discretisation, seed: number): ImageSet {
  if (largestPixel(pixels) === 255) return images;
  const size = dimensions(images);
  const result = new Uint8Array(images.pixels.length);
  for (let index = 0; index < images.count; index++) {
    const isOne = onesOf(pixels, listDraw(images, index, pixels, seed));
    imageAt(images, index).forEach((grey, at) => (result[index * size + at] = isOne(grey) ? 255 : 0));
  }
  return { ...images, pixels: result };
}

type Draw = (() => number) | undefined;

/** The one draw of a static binarisation. */
const staticDraw = (images: ImageSet, index: number): Draw =>
  counterRandom(0, 'static binarisation', placeOf(images, index));

const listDraw = (images: ImageSet, index: number, pixels: Discretisation, seed: number): Draw =>
  pixels === 'static'
    ? staticDraw(images, index)
    : pixels === 'dynamic'
      ? counterRandom(seed, 'binarisation of a list', placeOf(images, index))
      : undefined;

/** Which grey values become 1. Black and white need no draw, and most pixels of a drawing are one of them. */
const onesOf = (pixels: Discretisation, draw: Draw): ((grey: number) => boolean) =>
  pixels === 'threshold' || draw === undefined
    ? (grey) => grey >= 128
    : (grey) => grey === 255 || (grey > 0 && grey > 255 * draw());

function readBatch(options: {
  images: ImageSet;
  indices: readonly number[];
  pixels: Discretisation;
  drawOf: (index: number) => Draw;
  change?: (image: Uint8Array) => Uint8Array;
  text?: CaptionTokens;
  /** Which of so many captions. Default: the first. */
  captionFrom?: (count: number) => number;
}): ImageBatch {
  const { images, indices, pixels, drawOf, change, text, captionFrom = () => 0 } = options;
  const size = dimensions(images);
  const values = new Float32Array(indices.length * size);
  indices.forEach((index, row) => {
    const stored = imageAt(images, index);
    const image = change?.(stored) ?? stored;
    const into = values.subarray(row * size, (row + 1) * size);
    if (pixels === 'bytes') into.set(image);
    else {
      const isOne = onesOf(pixels, drawOf(index));
      for (let i = 0; i < size; i++) into[i] = isOne(image[i]!) ? 1 : 0;
    }
  });
  const { labels, captions } = images;
  const batch = { images: values, labels: Int32Array.from(indices, (index) => labels?.[index] ?? 0) };
  if (text === undefined) return batch;
  const tokens = new Int32Array(indices.length * text.length);
  indices.forEach((index, row) => {
    const own = captions?.[index] ?? [];
    if (own.length > 0) tokens.set(text.encode(own[captionFrom(own.length)]!), row * text.length);
  });
  return { ...batch, tokens };
}

/** How much of a shape a batch of images is, for programs; with `text`, captions too. */
export const imageBatchSpec = (
  { channels, height, width }: ImageShape,
  batchSize: number,
  text?: { readonly length: number },
) =>
  ({
    images: float32(batchSize, channels, height, width),
    labels: int32(batchSize),
    ...(text && { tokens: int32(batchSize, text.length) }),
    key: int32(2),
  }) as const;
