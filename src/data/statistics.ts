/** Of numbers measured on examples. NaN where there are none. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

/** Standard error of their mean over other examples, √(Σ (x − mean)² / (n − 1) / n); 0 for one, which has none. */
export function standardErrorOf(values: ArrayLike<number>): number {
  const count = values.length;
  const centre = mean(values);
  let squares = 0;
  for (let index = 0; index < count; index++) squares += (values[index]! - centre) ** 2;
  return count < 2 ? 0 : Math.sqrt(squares / (count - 1) / count);
}
