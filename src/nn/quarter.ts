import { ConfigError } from '../errors.js';
import type { ImageData } from './image-model.js';

/**
 * Sides of an image after two halvings by convolutions.
 *
 * @throws ConfigError when the sides do not divide by 4: the way back would end at another size
 */
export function quarterOf({ height, width }: ImageData): { readonly height: number; readonly width: number } {
  if (height % 4 !== 0 || width % 4 !== 0) {
    throw new ConfigError(`images of ${height} x ${width}: the sides have to divide by 4`, {
      advice: 'Give images of another size (--size).',
    });
  }
  return { height: height / 4, width: width / 4 };
}
