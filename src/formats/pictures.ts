import { encode } from 'fast-png';
import type { ImageShape } from '../data/images/image-set.js';

/** Pictures for people: grids as PNG. */

/** Images of one shape: [count, channels, height, width], 0 to `largest`. */
export interface Pictures extends ImageShape {
  readonly values: ArrayLike<number>;
  readonly largest: number;
}

/** Pixels to show. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** [height, width, channels] */
  readonly data: Uint8Array;
  readonly channels: number;
}

export interface GridOptions {
  /** Images in a row. Default: the square root of their number, rounded up. */
  readonly columns?: number;
  /** Each pixel becomes a square of so many. Default 1. */
  readonly scale?: number;
  /** White pixels between images. Default 2. */
  readonly gap?: number;
}

/** Lays images out in rows on white. */
export function grid({ values, largest, channels, height, width }: Pictures, options: GridOptions = {}): Canvas {
  const size = channels * height * width;
  const count = Math.floor(values.length / size);
  const { columns = Math.ceil(Math.sqrt(count)), scale = 1, gap = 2 } = options;
  const rows = Math.ceil(count / columns);
  const [cellWidth, cellHeight] = [width * scale + gap, height * scale + gap];
  const total = { width: columns * cellWidth - gap, height: rows * cellHeight - gap };
  const data = new Uint8Array(total.width * total.height * channels).fill(255);
  for (let index = 0; index < count; index++) {
    const [left, top] = [(index % columns) * cellWidth, Math.floor(index / columns) * cellHeight];
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const at = ((top + y) * total.width + left + x) * channels;
        for (let channel = 0; channel < channels; channel++) {
          const source =
            ((index * channels + channel) * height + Math.floor(y / scale)) * width + Math.floor(x / scale);
          const value = (values[source]! * 255) / largest;
          data[at + channel] = Math.max(0, Math.min(255, Math.round(value)));
        }
      }
    }
  }
  return { ...total, data, channels };
}

/** A picture as the bytes of a PNG file. */
export const encodePng = ({ width, height, data, channels }: Canvas): Uint8Array =>
  encode({ width, height, data, channels });
