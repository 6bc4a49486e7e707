import { type ImageSet, type ImageShape, imageAt } from './image-set.js';

/** How a grey drawing on black is written, measured from its pixels. */
export interface Style {
  /** Sideways shift for each pixel upwards: 0 upright, above 0 leaning to the right. */
  readonly slant: number;
  /** Mean width of the strokes in pixels. */
  readonly thickness: number;
  /** Horizontal over vertical spread, the slant taken out. */
  readonly width: number;
}

export const styleNames = ['slant', 'thickness', 'width'] as const satisfies readonly (keyof Style)[];

/**
 * Slant and width are those of the ink's second moments. Thickness is twice the ink over the length of the outline, which
 * is exact for a long stroke; the outline's length is the total variation of the grey values, so that soft edges count
 * once. An empty image has a thickness of 0.
 */
export function styleOf(pixels: ArrayLike<number>, { height, width }: Pick<ImageShape, 'height' | 'width'>): Style {
  // With a border of one empty pixel.
  const row = width + 2;
  const ink = new Float32Array(row * (height + 2));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) ink[(y + 1) * row + x + 1] = pixels[y * width + x]! / 255;
  }
  let [mass, sumX, sumY, sumXX, sumXY, sumYY, outline] = [0, 0, 0, 0, 0, 0, 0];
  for (let y = 1; y <= height + 1; y++) {
    for (let x = 1; x <= width + 1; x++) {
      // The gradient in the middle of four pixels.
      const at = y * row + x;
      const [a, b, c, d] = [ink[at - row - 1]!, ink[at - row]!, ink[at - 1]!, ink[at]!];
      if (a + b + c + d === 0) continue;
      const [across, down] = [(b - a + d - c) / 2, (c - a + d - b) / 2];
      outline += Math.sqrt(across * across + down * down);
      mass += d;
      sumX += d * x;
      sumY += d * y;
      sumXX += d * x * x;
      sumXY += d * x * y;
      sumYY += d * y * y;
    }
  }
  if (mass === 0) return { slant: 0, thickness: 0, width: 1 };
  const [centreX, centreY] = [sumX / mass, sumY / mass];
  const varianceX = sumXX / mass - centreX ** 2;
  // A line of one row has no height to lean over.
  const varianceY = Math.max(sumYY / mass - centreY ** 2, 1 / 12);
  const covariance = sumXY / mass - centreX * centreY;
  const upright = Math.max(0, varianceX - covariance ** 2 / varianceY);
  return { slant: -covariance / varianceY, thickness: (2 * mass) / outline, width: Math.sqrt(upright / varianceY) };
}

/** Of every image of a grey set. */
export const stylesOf = (images: ImageSet): Style[] =>
  Array.from({ length: images.count }, (_, index) => styleOf(imageAt(images, index), images));
