import { sizeOf } from './define.js';
import type { ConvolutionAttributes, Shape, WindowAttributes } from './primitives.js';

/** Convolution and pooling as plain sums over terms: every gradient is the same sum, read another way. */

/** All places of a shape, the last axis fastest. */
function* places(shape: Shape): Generator<number[]> {
  for (let position = 0; position < sizeOf(shape); position++) {
    yield shape.map((length, axis) => Math.floor(position / sizeOf(shape.slice(axis + 1))) % length);
  }
}

const at = (place: readonly number[], shape: Shape): number =>
  place.reduce((position, index, axis) => position * shape[axis]! + index, 0);

/** Visits the positions in image, kernel and result of every product of a convolution. */
export function forEachConvolutionTerm(
  image: Shape,
  kernel: Shape,
  result: Shape,
  { strides, padding, dilations, groups }: ConvolutionAttributes,
  visit: (image: number, kernel: number, result: number) => void,
): void {
  const channelsPerGroup = kernel[1]!;
  for (const place of places(result)) {
    const [n, o, ...spot] = place as [number, number, ...number[]];
    const group = Math.floor(o / (result[1]! / groups));
    for (const tap of places(kernel.slice(1))) {
      const [c, ...offset] = tap as [number, ...number[]];
      const source = spot.map((i, axis) => i * strides[axis]! - padding[axis]![0] + offset[axis]! * dilations[axis]!);
      if (source.some((i, axis) => i < 0 || i >= image[axis + 2]!)) continue;
      visit(at([n, group * channelsPerGroup + c, ...source], image), at([o, ...tap], kernel), at(place, result));
    }
  }
}

/** Visits the positions in image and result of every element of every window, padding left out. */
export function forEachWindow(
  image: Shape,
  result: Shape,
  { window, strides, padding }: WindowAttributes,
  visit: (image: number, result: number) => void,
): void {
  for (const place of places(result)) {
    const [n, c, ...spot] = place as [number, number, ...number[]];
    for (const offset of places(window)) {
      const source = spot.map((i, axis) => i * strides[axis]! - padding[axis]![0] + offset[axis]!);
      if (source.some((i, axis) => i < 0 || i >= image[axis + 2]!)) continue;
      visit(at([n, c, ...source], image), at(place, result));
    }
  }
}
