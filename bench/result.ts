/** What a benchmark returns: one table and what has to be said beside it. */
export interface BenchResult {
  name: string;
  rows: Record<string, string | number>[];
  /** Settings, versions of peers, and how far a target was missed and why. */
  notes: string[];
}

/** A benchmark file exports `run`. */
export interface Bench {
  run(): Promise<BenchResult>;
}

/** The middle of a sample, the mean of the two middle ones when it is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Rounds to some significant digits, for tables. */
export function significant(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
