import { ConfigError } from '../errors.js';
import { dividedSize } from './divided-size.js';
import { type Tensor, constant, reshape, transpose } from '../tensor/index.js';
import type { ImageData } from './image-model.js';

/** Images as sequences of square patches, in the order of reading. */
export interface Patches {
  /** Patches of one image. */
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** Numbers in one patch: channel by channel, each in the order of reading. */
  readonly size: number;
  /** [B, C, H, W] → [B, count, size] */
  readonly of: (images: Tensor) => Tensor;
  /** [B, count, size] → [B, C, H, W] */
  readonly toImages: (patches: Tensor) => Tensor;
}

/** @throws ConfigError when the images do not divide into patches of this side */
export function patchesOf({ channels, height, width }: ImageData, side: number): Patches {
  const blocks = { what: 'model.patch: patches', or: 'Take a side that divides both' };
  const { height: rows, width: columns } = dividedSize({ height, width }, side, blocks);
  const count = rows * columns;
  const size = channels * side * side;
  return {
    count,
    rows,
    columns,
    size,
    of: (images) => {
      const cut = reshape(images, [images.shape[0]!, channels, rows, side, columns, side]);
      return reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [images.shape[0]!, count, size]);
    },
    toImages: (patches) => {
      const laid = reshape(patches, [patches.shape[0]!, rows, columns, channels, side, side]);
      return reshape(transpose(laid, [0, 3, 1, 4, 2, 5]), [patches.shape[0]!, channels, height, width]);
    },
  };
}

/**
 * Fixed positions on a grid, [rows · columns, width]: sines and cosines of the row in the first half of the numbers, of
 * the column in the second (Vaswani et al. 2017, section 3.5, for each axis; as in He et al. 2022).
 *
 * @param width a multiple of 4
 */
export function gridPositions(rows: number, columns: number, width: number): Tensor {
  const half = width / 2;
  const frequencies = half / 2;
  if (!Number.isInteger(frequencies))
    throw new ConfigError(`positions on a grid need a width that divides by 4, not ${width}`);
  const values = new Float32Array(rows * columns * width);
  for (let place = 0; place < rows * columns; place++) {
    [Math.floor(place / columns), place % columns].forEach((coordinate, axis) => {
      for (let index = 0; index < frequencies; index++) {
        const angle = coordinate * 10_000 ** (-index / frequencies);
        const at = place * width + axis * half + index;
        values[at] = Math.sin(angle);
        values[at + frequencies] = Math.cos(angle);
      }
    });
  }
  return constant(values, [rows * columns, width]);
}
