import { centred } from '../../nn/distributions.js';
import type { Denoiser, ImageData } from '../../nn/image-model.js';
import { type Tensor, add, clip, mul, round } from '../../tensor/index.js';

/** Numbers from −1 to 1 → whole numbers from 0. */
const pixelsOf = (clean: Tensor, levels: number): Tensor => round(mul(add(clip(clean, -1, 1), 1), (levels - 1) / 2));

/** What a denoiser of images themselves is, beside what takes the noise away. */
export const ofPixels = ({ channels, height, width, levels }: ImageData) =>
  ({
    shape: [channels, height, width],
    bounds: [-1, 1],
    encode: (_, { images }) => centred(images, levels),
    decode: (_, clean) => pixelsOf(clean, levels),
  }) as const satisfies Partial<Denoiser>;
