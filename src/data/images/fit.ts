import type { Picture } from './decode.js';
import { type ImageSet, type ImageShape, dimensions, imageAt } from './image-set.js';
import { type Filter, centreImage, resample, toBytes, toChannels } from './resample.js';

/** Images brought to one size and to grey or colour. */

export interface FitOptions {
  /** Side of the square that every image is made to fit. Default: the images' own size, which must be one. */
  readonly size?: number;
  /** Whether the shorter side fills the square and the rest is cut, or the longer one does and the rest is white. */
  readonly fit?: 'crop' | 'pad';
  readonly filter?: Filter;
  /** 1: grey; 3: colour. Default: colour where one image has some. */
  readonly channels?: 1 | 3;
}

const needsFit = ({ height, width }: ImageShape, { size }: FitOptions): boolean =>
  size !== undefined && (height !== size || width !== size);

/** A picture in its square; its channels stay. */
export function fitted(picture: Picture, options: FitOptions): Picture {
  const { size, fit = 'crop', filter } = options;
  if (size === undefined || !needsFit(picture, options)) return picture;
  const { channels, height, width } = picture;
  const scale = size / (fit === 'crop' ? Math.min(height, width) : Math.max(height, width));
  const scaled = { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
  const pixels = toBytes(resample(picture.pixels, picture, scaled, filter));
  const square = { height: size, width: size };
  return { channels, ...square, pixels: centreImage(pixels, { channels, ...scaled }, square, 255) };
}

/** Colour where one has some, unless told otherwise. */
export const channelsOf = (shapes: readonly ImageShape[], { channels }: FitOptions): number =>
  channels ?? shapes.reduce((most, shape) => Math.max(most, shape.channels), 1);

/** A whole set, as `fitted`, and in `channels`. */
export function fittedSet(
  images: ImageSet,
  options: Omit<FitOptions, 'channels'> & { readonly channels: number },
): ImageSet {
  const { channels, ...fit } = options;
  if (!needsFit(images, fit) && images.channels === channels) return images;
  const side = needsFit(images, fit) ? { height: fit.size!, width: fit.size! } : images;
  const shape = { channels, height: side.height, width: side.width };
  const size = dimensions(shape);
  const pixels = new Uint8Array(images.count * size);
  for (let index = 0; index < images.count; index++) {
    const { channels: own, height, width } = images;
    const picture = fitted({ channels: own, height, width, pixels: imageAt(images, index) }, fit);
    pixels.set(toChannels(picture.pixels, picture, channels), index * size);
  }
  return { ...images, ...shape, pixels };
}

/**
 * What the options change in images of these shapes, for a hash of what was read; empty where they change nothing, so
 * that to ask for the size that images have is to ask for nothing.
 */
export function changesBy(options: FitOptions, shapes: readonly ImageShape[]): string {
  const { size, fit = 'crop', filter = 'bicubic', channels } = options;
  return [
    ...(shapes.some((shape) => needsFit(shape, options)) ? [`size ${size}, ${fit}, ${filter}`] : []),
    ...(channels !== undefined && channels !== channelsOf(shapes, {}) ? [`channels ${channels}`] : []),
  ].join('; ');
}
