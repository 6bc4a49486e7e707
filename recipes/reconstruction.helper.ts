/** Squared differences of images, summed over each one's pixels (from 0 to 1): mean, and its standard error. */
export function squaredErrors(
  originals: Float32Array,
  images: Float32Array,
  { count, largest }: { count: number; largest: number },
): { mean: number; standardError: number } {
  const size = originals.length / count;
  const errors = Array.from({ length: count }, (_, image) => {
    let sum = 0;
    for (let at = image * size; at < (image + 1) * size; at++) sum += ((originals[at]! - images[at]!) / largest) ** 2;
    return sum;
  });
  const mean = errors.reduce((total, error) => total + error, 0) / count;
  const variance = errors.reduce((total, error) => total + (error - mean) ** 2, 0) / Math.max(1, count - 1);
  return { mean, standardError: Math.sqrt(variance / count) };
}
