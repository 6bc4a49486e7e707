import { type ImageShape, dimensions } from './image-set.js';

/** How a new pixel is made of old ones. Each is a function of the distance in (new or old, the coarser) pixels. */
const filters = {
  /** Mean over the area. */
  box: { support: 0.5, weight: (x: number) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  /** Keys 1981, with a = -0.5. */
  bicubic: {
    support: 2,
    weight: (x: number) => {
      const [a, distance] = [-0.5, Math.abs(x)];
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
    },
  },
};

export type Filter = keyof typeof filters;
export const filterNames = Object.keys(filters) as Filter[];

interface Taps {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Which old pixels of a line make each new one. Shrinking widens the filter, so nothing is skipped over. */
function tapsOf(from: number, to: number, filter: Filter): Taps[] {
  const { support, weight } = filters[filter];
  const scale = from / to;
  const spread = Math.max(1, scale);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - support * spread + 0.5));
    const end = Math.min(from, Math.floor(centre + support * spread + 0.5));
    const raw = Array.from({ length: end - start }, (_unused, tap) => weight((start + tap - centre + 0.5) / spread));
    const total = raw.reduce((sum, value) => sum + value, 0);
    return { start, weights: raw.map((value) => value / total) };
  });
}

/**
 * Resizes [channels, height, width], rows first, then columns, as Pillow does (which rounds to bytes in between; here
 * numbers stay exact until the end).
 *
 * @returns [channels, to.height, to.width], not rounded and not limited
 */
export function resample(
  pixels: ArrayLike<number>,
  from: ImageShape,
  to: { readonly height: number; readonly width: number },
  filter: Filter = 'bicubic',
): Float64Array {
  const { channels, height, width } = from;
  const across = tapsOf(width, to.width, filter);
  const down = tapsOf(height, to.height, filter);
  const rows = new Float64Array(channels * height * to.width);
  for (let row = 0; row < channels * height; row++) {
    across.forEach(({ start, weights }, x) => {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) sum += weights[tap]! * pixels[row * width + start + tap]!;
      rows[row * to.width + x] = sum;
    });
  }
  const result = new Float64Array(channels * to.height * to.width);
  for (let channel = 0; channel < channels; channel++) {
    down.forEach(({ start, weights }, y) => {
      const line = (channel * to.height + y) * to.width;
      for (let tap = 0; tap < weights.length; tap++) {
        const source = (channel * height + start + tap) * to.width;
        for (let x = 0; x < to.width; x++) result[line + x]! += weights[tap]! * rows[source + x]!;
      }
    });
  }
  return result;
}

/** Rounded, and within 0 to 255. */
export const toBytes = (values: ArrayLike<number>): Uint8Array => new Uint8Array(Uint8ClampedArray.from(values).buffer);

/** Cuts a rectangle out of the middle, or lays a border of `fill` around: whichever reaches the size. */
export function centreImage(
  pixels: Uint8Array,
  from: ImageShape,
  to: { readonly height: number; readonly width: number },
  fill = 0,
): Uint8Array {
  const result = new Uint8Array(dimensions({ channels: from.channels, ...to })).fill(fill);
  const [top, left] = [Math.floor((from.height - to.height) / 2), Math.floor((from.width - to.width) / 2)];
  for (let channel = 0; channel < from.channels; channel++) {
    for (let y = Math.max(0, -top); y < Math.min(to.height, from.height - top); y++) {
      const [x0, x1] = [Math.max(0, -left), Math.min(to.width, from.width - left)];
      const source = (channel * from.height + y + top) * from.width + left;
      result.set(pixels.subarray(source + x0, source + x1), (channel * to.height + y) * to.width + x0);
    }
  }
  return result;
}

/** Grey from colour by the eye's weights (ITU-R 601-2), or the same grey three times. */
export function toChannels(pixels: Uint8Array, from: ImageShape, channels: number): Uint8Array {
  if (from.channels === channels) return pixels;
  const area = from.height * from.width;
  if (channels === 1) {
    const [red, green, blue] = [0, 1, 2].map((plane) => pixels.subarray(plane * area, (plane + 1) * area));
    return toBytes(Float64Array.from(red!, (value, i) => 0.299 * value + 0.587 * green![i]! + 0.114 * blue![i]!));
  }
  const result = new Uint8Array(channels * area);
  for (let plane = 0; plane < channels; plane++) result.set(pixels, plane * area);
  return result;
}

/** Mirrored from left to right. */
export function flipImage(pixels: Uint8Array, { width }: ImageShape): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let row = 0; row < pixels.length; row += width) result.set(pixels.slice(row, row + width).reverse(), row);
  return result;
}
