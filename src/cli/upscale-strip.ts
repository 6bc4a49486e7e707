import type { ImageShape } from '../data/images/image-set.js';
import { resample } from '../data/images/resample.js';

/** Enlarged images for people: a row for each, from the small image to its original. */

/** Every image [count, channels, height, width] enlarged by bicubic interpolation, or each pixel repeated. */
export function enlargedPlainly(
  small: Float32Array,
  from: ImageShape,
  to: ImageShape,
  filter: 'bicubic' | 'nearest',
): Float32Array {
  const [size, large] = [from, to].map(({ channels, height, width }) => channels * height * width) as [number, number];
  const count = small.length / size;
  const result = new Float32Array(count * large);
  for (let index = 0; index < count; index++) {
    const image = small.subarray(index * size, (index + 1) * size);
    const into = result.subarray(index * large, (index + 1) * large);
    if (filter === 'bicubic') into.set(resample(image, from, to, 'bicubic').map(toByte));
    else {
      for (let at = 0; at < large; at++) {
        const [plane, rest] = [Math.floor(at / (to.height * to.width)), at % (to.height * to.width)];
        const row = Math.floor((Math.floor(rest / to.width) * from.height) / to.height);
        const column = Math.floor(((rest % to.width) * from.width) / to.width);
        into[at] = image[(plane * from.height + row) * from.width + column]!;
      }
    }
  }
  return result;
}

const toByte = (value: number): number => Math.round(Math.min(255, Math.max(0, value)));
