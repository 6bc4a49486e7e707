/** Which classes a set of images holds, as a classifier reads them. */
export interface ModeCoverage {
  /** Share of each class. */
  readonly shares: readonly number[];
  /** A class counts as there from this share on: half of an equal one, 5% of ten classes. */
  readonly least: number;
  readonly covered: number;
  readonly classes: number;
}

/** @param read int32 [N]: the class that a classifier reads in each image */
export function modeCoverage(read: Int32Array, classes: number): ModeCoverage {
  const counts = new Array<number>(classes).fill(0);
  for (const label of read) counts[label]!++;
  const shares = counts.map((count) => count / read.length);
  const least = 0.5 / classes;
  return { shares, least, covered: shares.filter((share) => share >= least).length, classes };
}
