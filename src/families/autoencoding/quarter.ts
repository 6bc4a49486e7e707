import { dividedSize } from '../../nn/divided-size.js';
import type { ImageData } from '../../nn/image-model.js';

/**
 * Sides of an image after two halvings by convolutions.
 *
 * @throws ConfigError when the sides do not divide by 4: the way back would end at another size
 */
export const quarterOf = (data: ImageData): { readonly height: number; readonly width: number } =>
  dividedSize(data, 4, { what: 'two halvings: blocks' });
