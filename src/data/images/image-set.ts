import type { Captions } from './captions.js';

/** Images of one size, in memory. */
export interface ImageSet {
  /** Where they come from, for messages and lineage. */
  readonly name: string;
  readonly count: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [count, channels, height, width], 0 to 255. */
  readonly pixels: Uint8Array;
  /** [count], from 0. */
  readonly labels?: Int32Array;
  /** What the labels mean. */
  readonly labelNames?: readonly string[];
  /** [count]: those of each image, the one it is measured by first; an image may have none. */
  readonly captions?: readonly Captions[];
  /** [count]: each image's place in the set that this one was taken from, which its draws go by. Default: its own place. */
  readonly places?: Int32Array;
}

/** The size of one image. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Numbers in one image. */
export const dimensions = ({ channels, height, width }: ImageShape): number => channels * height * width;

/** Number of classes; 0 without labels. */
export const classesOf = ({ labels, labelNames }: ImageSet): number =>
  labels === undefined ? 0 : (labelNames?.length ?? labels.reduce((most, label) => Math.max(most, label), -1) + 1);

/** One image [channels, height, width]; a view, not a copy. */
export function imageAt(images: ImageSet, index: number): Uint8Array {
  const size = dimensions(images);
  return images.pixels.subarray(index * size, (index + 1) * size);
}

/** An image's place in the set that it was first read in. */
export const placeOf = ({ places }: ImageSet, index: number): number => places?.[index] ?? index;

/** The images of these indices, in this order. */
export function selectImages(images: ImageSet, indices: readonly number[]): ImageSet {
  const size = dimensions(images);
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, to) => {
    pixels.set(imageAt(images, index), to * size);
  });
  const { labels, captions } = images;
  return {
    ...images,
    count: indices.length,
    pixels,
    places: Int32Array.from(indices, (index) => placeOf(images, index)),
    ...(labels && { labels: Int32Array.from(indices, (index) => labels[index]!) }),
    ...(captions && { captions: indices.map((index) => captions[index]!) }),
  };
}

/** The first or the last images, in order. */
export const sliceImages = (images: ImageSet, start: number, end = images.count): ImageSet =>
  selectImages(
    images,
    Array.from({ length: Math.max(0, Math.min(end, images.count) - start) }, (_, index) => start + index),
  );
