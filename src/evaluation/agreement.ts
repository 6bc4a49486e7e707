/** How well people agree who judge the same things. */

/** Distance between two judgements that are classes: equal or not. */
const nominal = (a: number, b: number): number => (a === b ? 0 : 1);
/** Distance between two judgements that are places on a scale. */
export const interval = (a: number, b: number): number => (a - b) ** 2;

/**
 * Krippendorff's alpha: 1 for perfect agreement, 0 for what chance gives, below it for systematic disagreement. Judgements
 * may be missing (Krippendorff 2011, Computing Krippendorff's alpha-reliability).
 *
 * @param units for each thing judged, the judgements of those who judged it; units with fewer than two say nothing
 * @returns undefined where no unit has two judgements, or all judgements are the same
 */
export function krippendorffAlpha(
  units: readonly (readonly number[])[],
  distance: (a: number, b: number) => number = nominal,
): number | undefined {
  const paired = units.filter((values) => values.length >= 2);
  const counts = new Map<number, number>();
  let observed = 0;
  for (const values of paired) {
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    observed += sumOver([...countsOf(values)], distance) / (values.length - 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const expected = sumOver([...counts], distance) / (total - 1);
  return expected > 0 ? 1 - observed / expected : undefined;
}

/** The judgements of a ranking, one for each pair of answers: −1 the first is better, 1 the second, 0 a tie. */
export function pairJudgements(ranks: readonly number[]): number[] {
  return ranks.flatMap((rank, index) => ranks.slice(index + 1).map((other) => Math.sign(rank - other)));
}

const countsOf = (values: readonly number[]): Map<number, number> =>
  values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map<number, number>());

/** The distance summed over all ordered pairs. */
const sumOver = (counts: readonly (readonly [number, number])[], distance: (a: number, b: number) => number): number =>
  counts.reduce(
    (sum, [a, many]) => sum + counts.reduce((part, [b, more]) => part + many * more * distance(a, b), 0),
    0,
  );
