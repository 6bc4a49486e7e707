/**
 * Scales values to variance 1, by the biased variance over the unmasked ones, and (unless `shiftMean` is false) shifts
 * their mean to 0: (x − mean) / √(variance + 1e-8), plus the mean again when it is kept. Masked values become 0.
 *
 * From lm-human-preferences; the variance is the biased one there (tf.nn.moments).
 */
export function whiten(values: Float32Array, options: { mask?: Float32Array; shiftMean?: boolean } = {}): Float32Array {
  const { mask, shiftMean = true } = options;
  let count = 0;
  let sum = 0;
  values.forEach((value, index) => {
    const weight = mask?.[index] ?? 1;
    count += weight;
    sum += weight * value;
  });
  if (count === 0) return new Float32Array(values.length);
  const mean = sum / count;
  let squares = 0;
  values.forEach((value, index) => (squares += (mask?.[index] ?? 1) * (value - mean) ** 2));
  const scale = 1 / Math.sqrt(squares / count + 1e-8);
  const offset = shiftMean ? 0 : mean;
  return values.map((value, index) => ((mask?.[index] ?? 1) === 0 ? 0 : (value - mean) * scale + offset));
}
