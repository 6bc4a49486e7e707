import { halved } from './divided-size.js';
import type { ImageData } from './image-model.js';

/** Sides of an image after two halvings by convolutions. @throws ConfigError when the sides do not divide by 4 */
export const quarterOf = (data: ImageData): { readonly height: number; readonly width: number } => halved(data, 2);
