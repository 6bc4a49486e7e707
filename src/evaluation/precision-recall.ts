import { DataError } from '../errors.js';
import type { Matrix } from './features.js';
import { type Rows, eachRowOfProducts, rowsInDouble } from './row-products.js';

/** Two sides of a likeness that one distance cannot tell apart; both 0 to 1. */
export interface PrecisionRecall {
  /** Share of the made images that lie among the real ones: how true they are. */
  readonly precision: number;
  /** Share of the real images that lie among the made ones: how much of the variety there is. */
  readonly recall: number;
  readonly neighbours: number;
}

/**
 * Improved precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991, equation 1): an image lies among a set
 * where it is within the distance that one of the set's images has to its k-th nearest neighbour in the set.
 *
 * @throws DataError when a set has no more images than neighbours, or the features differ in number
 */
export function precisionRecall(real: Matrix, made: Matrix, neighbours = 3): PrecisionRecall {
  if (real.size !== made.size) throw new DataError(`${real.size} features cannot be compared with ${made.size}`);
  const least = Math.min(real.count, made.count);
  if (least <= neighbours) throw new DataError(`${least} images have no ${neighbours} neighbours each; take more`);
  const [r, m] = [rowsInDouble(real), rowsInDouble(made)];
  const [realRadii, madeRadii] = [neighbourDistances(r, neighbours), neighbourDistances(m, neighbours)];
  const madeIsAmongReal = new Uint8Array(made.count);
  const realIsAmongMade = new Uint8Array(real.count);
  eachRowOfProducts(r, m, (row, products) => {
    for (let column = 0; column < m.count; column++) {
      const distance = r.squares[row]! + m.squares[column]! - 2 * products[column]!;
      if (distance <= realRadii[row]!) madeIsAmongReal[column] = 1;
      if (distance <= madeRadii[column]!) realIsAmongMade[row] = 1;
    }
  });
  const share = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0) / flags.length;
  return { precision: share(madeIsAmongReal), recall: share(realIsAmongMade), neighbours };
}

/** Squared distance of each row to its k-th nearest other row. */
function neighbourDistances(rows: Rows, k: number): Float64Array {
  const found = new Float64Array(rows.count);
  const nearest = new Float64Array(k);
  eachRowOfProducts(rows, rows, (row, products) => {
    nearest.fill(Infinity);
    for (let other = 0; other < rows.count; other++) {
      const distance = rows.squares[row]! + rows.squares[other]! - 2 * products[other]!;
      if (other === row || distance >= nearest[k - 1]!) continue;
      let at = k - 1;
      for (; at > 0 && nearest[at - 1]! > distance; at--) nearest[at] = nearest[at - 1]!;
      nearest[at] = distance;
    }
    found[row] = nearest[k - 1]!;
  });
  return found;
}
