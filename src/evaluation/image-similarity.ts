import { type ImageShape, dimensions } from '../data/images/image-set.js';
import { ConfigError } from '../errors.js';

/** How like its original an image is. */

export interface Similarity {
  /** Of a pixel, over all images, as a share of the largest pixel value squared. */
  readonly meanSquaredError: number;
  /** Decibels: mean over images of 10 log₁₀(largest² / squared error), each at most `mostDecibels`. */
  readonly peakSignalToNoise: number;
  /** −1 to 1, 1 for equal images; absent for images smaller than its window. */
  readonly structuralSimilarity?: number;
  readonly images: number;
}

/** Compares images [count, C, H, W] of 0 to `largest` with what became of them. */
export function similarity(
  originals: Float32Array,
  others: Float32Array,
  { largest, ...shape }: ImageShape & { readonly largest: number },
): Similarity {
  const size = dimensions(shape);
  const count = originals.length / size;
  const fits = Math.min(shape.height, shape.width) >= windowSide;
  let [error, decibels, structure] = [0, 0, 0];
  for (let image = 0; image < count; image++) {
    const [a, b] = [originals, others].map((all) => all.subarray(image * size, (image + 1) * size)) as [
      Float32Array,
      Float32Array,
    ];
    const squared = meanSquaredDifference(a, b) / largest ** 2;
    error += squared / count;
    decibels += decibelsOf(squared) / count;
    if (fits) structure += structuralSimilarity(a, b, { ...shape, largest }) / count;
  }
  return {
    meanSquaredError: error,
    peakSignalToNoise: decibels,
    ...(fits && { structuralSimilarity: structure }),
    images: count,
  };
}

const meanSquaredDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0) / a.length;

/** What equal images are given, and those that differ by rounding: without an end their likeness would be infinite. */
export const mostDecibels = 120;

const decibelsOf = (squaredShare: number): number => Math.min(mostDecibels, -10 * Math.log10(squaredShare));

/** 10 log₁₀(largest² / mean squared difference) of one image, in decibels; at most `mostDecibels`. */
export const peakSignalToNoise = (a: Float32Array, b: Float32Array, largest: number): number =>
  decibelsOf(meanSquaredDifference(a, b) / largest ** 2);

const windowSide = 11;
const windowDeviation = 1.5;
const window = (() => {
  const raw = Array.from({ length: windowSide }, (_, index) =>
    Math.exp(-((index - (windowSide - 1) / 2) ** 2) / (2 * windowDeviation ** 2)),
  );
  const total = raw.reduce((sum, value) => sum + value, 0);
  return Float64Array.from(raw, (value) => value / total);
})();

/**
 * Structural similarity of one image: local means, deviations and correlation under a Gaussian window of 11 with
 * deviation 1.5, wherever it fits whole, with K₁ = 0.01 and K₂ = 0.03; the mean over places and channels (Wang et al.
 * 2004, equation 13).
 *
 * @throws ConfigError when the image is smaller than the window
 */
export function structuralSimilarity(
  a: Float32Array,
  b: Float32Array,
  { channels, height, width, largest }: ImageShape & { readonly largest: number },
): number {
  if (Math.min(height, width) < windowSide) {
    throw new ConfigError(
      `Structural similarity looks through a window of ${windowSide}, and there is ${height}x${width}`,
    );
  }
  const [c1, c2] = [(0.01 * largest) ** 2, (0.03 * largest) ** 2];
  const area = height * width;
  let total = 0;
  let places = 0;
  for (let channel = 0; channel < channels; channel++) {
    const [x, y] = [a, b].map((all) => all.subarray(channel * area, (channel + 1) * area)) as [
      Float32Array,
      Float32Array,
    ];
    const blur = (of: (index: number) => number): Float64Array => blurred(of, height, width);
    const [meanX, meanY] = [blur((i) => x[i]!), blur((i) => y[i]!)];
    const squares = [blur((i) => x[i]! ** 2), blur((i) => y[i]! ** 2), blur((i) => x[i]! * y[i]!)] as const;
    for (let i = 0; i < meanX.length; i++) {
      const [mx, my] = [meanX[i]!, meanY[i]!];
      const [varianceX, varianceY, covariance] = [
        squares[0][i]! - mx * mx,
        squares[1][i]! - my * my,
        squares[2][i]! - mx * my,
      ];
      const luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1);
      total += (luminance * (2 * covariance + c2)) / (varianceX + varianceY + c2);
    }
    places += meanX.length;
  }
  return total / places;
}

/** The window's mean wherever it fits whole. */
function blurred(of: (index: number) => number, height: number, width: number): Float64Array {
  const [rows, columns] = [height - windowSide + 1, width - windowSide + 1];
  const across = new Float64Array(height * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < columns; x++) {
      for (let tap = 0; tap < windowSide; tap++) across[y * columns + x]! += window[tap]! * of(y * width + x + tap);
    }
  }
  const result = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let tap = 0; tap < windowSide; tap++) {
        result[y * columns + x]! += window[tap]! * across[(y + tap) * columns + x]!;
      }
    }
  }
  return result;
}
