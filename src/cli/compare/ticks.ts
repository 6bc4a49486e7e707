/** Round numbers along an axis. */

/** The least of … 0.5, 1, 2, 5, 10, 20, 50 … that is no less than a positive number. */
function roundStep(least: number): number {
  const unit = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * unit).find((each) => each >= least)!;
}

const multiples = (step: number, first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));

/** Round numbers inside an interval that is not empty: five at most. */
export function ticksWithin(least: number, most: number): number[] {
  const step = roundStep((most - least) / 4);
  return multiples(step, Math.ceil(least / step - 1e-9), Math.floor(most / step + 1e-9));
}

/** At most seven round numbers, from one at or below the least to one at or above the greatest. */
export function ticksAround(least: number, most: number): number[] {
  const step = roundStep((most - least || Math.abs(most) || 1) / 5);
  const first = Math.floor(least / step + 1e-9);
  return multiples(step, first, Math.max(first + 1, Math.ceil(most / step - 1e-9)));
}
