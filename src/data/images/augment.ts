import { type ImageShape, dimensions } from './image-set.js';
import { flipImage } from './resample.js';

/** Changes by chance that leave an image what it is, so that few images teach as much as more. */

export interface Augmentation {
  /** Mirrors half of the images. Default false. */
  readonly flip?: boolean;
  /** Moves images by up to so many pixels to each side; the edge is repeated. Default 0. */
  readonly shift?: number;
  /** Changes brightness, contrast and saturation by up to this share; hues stay. Default 0. */
  readonly jitter?: number;
}

/** An image [C, H, W] changed by the draws of `random`, of which it takes as many for every image. */
export function augmented(
  image: Uint8Array,
  shape: ImageShape,
  { flip = false, shift = 0, jitter = 0 }: Augmentation,
  random: () => number,
): Uint8Array {
  const flipped = flip && random() < 0.5 ? flipImage(image, shape) : image;
  const shifted = shift > 0 ? shiftImage(flipped, shape, wholeUpTo(shift, random), wholeUpTo(shift, random)) : flipped;
  return jitter > 0 ? jitterImage(shifted, shape, jitter, random) : shifted;
}

const wholeUpTo = (limit: number, random: () => number): number => Math.floor(random() * (2 * limit + 1)) - limit;

function shiftImage(image: Uint8Array, shape: ImageShape, right: number, down: number): Uint8Array {
  const { channels, height, width } = shape;
  const moved = new Uint8Array(image.length);
  const within = (at: number, length: number): number => Math.max(0, Math.min(length - 1, at));
  for (let row = 0; row < channels * height; row++) {
    const channel = Math.floor(row / height);
    const from = (channel * height + within((row % height) - down, height)) * width;
    for (let x = 0; x < width; x++) moved[row * width + x] = image[from + within(x - right, width)]!;
  }
  return moved;
}

/** Each number: grey + saturation · (number − grey), around the middle by the contrast, times the brightness. */
function jitterImage(image: Uint8Array, shape: ImageShape, share: number, random: () => number): Uint8Array {
  const factor = (): number => 1 + share * (2 * random() - 1);
  const [brightness, contrast, saturation] = [factor(), factor(), factor()];
  const plane = dimensions(shape) / shape.channels;
  const changed = new Uint8ClampedArray(image.length);
  for (let pixel = 0; pixel < plane; pixel++) {
    let grey = 0;
    for (let at = pixel; at < image.length; at += plane) grey += image[at]! / shape.channels;
    for (let at = pixel; at < image.length; at += plane) {
      const saturated = grey + saturation * (image[at]! - grey);
      changed[at] = brightness * (128 + contrast * (saturated - 128));
    }
  }
  return new Uint8Array(changed.buffer);
}
