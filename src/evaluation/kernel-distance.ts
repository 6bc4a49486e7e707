import { ConfigError } from '../errors.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import type { Matrix } from './features.js';
import { type Rows, eachRowOfProducts, rowsInDouble } from './row-products.js';

/** Mean over subsets of two sets of images, and how far one subset lies from it. */
export interface KernelDistance {
  readonly value: number;
  /** Of one subset's distance. */
  readonly deviation: number;
  readonly subsets: number;
  /** Images of each set in a subset. */
  readonly subsetSize: number;
}

export interface KernelDistanceOptions {
  /** Default 50. */
  readonly subsets?: number;
  /** Default 500, or half of the smaller set where that is less. */
  readonly subsetSize?: number;
  /** Of the choice of subsets. Default 0. */
  readonly seed?: number;
}

/** How many subsets are drawn of sets of which the smaller has `count` images, and how large, unless somebody says. */
export const kernelSubsets = (count: number): Pick<KernelDistance, 'subsets' | 'subsetSize'> => ({
  subsets: 50,
  subsetSize: Math.min(500, count >> 1),
});

/**
 * Squared maximum mean discrepancy under the kernel (x·y / size + 1)³, without bias, so around 0 for sets of one
 * distribution whatever their size (Binkowski et al. 2018, arXiv:1801.01401): over random subsets, with their deviation.
 *
 * @throws ConfigError when a subset is larger than a set
 */
export function kernelDistance(one: Matrix, other: Matrix, options: KernelDistanceOptions = {}): KernelDistance {
  const smaller = Math.min(one.count, other.count);
  const { subsets, subsetSize, seed = 0 } = { ...kernelSubsets(smaller), ...options };
  if (subsetSize < 2 || subsetSize > smaller) {
    throw new ConfigError(`A subset of ${subsetSize} cannot be drawn from ${one.count} and ${other.count} images`, {
      advice: 'Make more samples, or the subsets smaller; each needs at least two images.',
    });
  }
  const values = Array.from({ length: subsets }, (_, index) =>
    kernelDiscrepancy(
      drawn(one, subsetSize, counterRandom(seed, 'kernel distance: one set', index)),
      drawn(other, subsetSize, counterRandom(seed, 'kernel distance: other set', index)),
    ),
  );
  const value = values.reduce((sum, each) => sum + each, 0) / subsets;
  const squares = values.reduce((sum, each) => sum + (each - value) ** 2, 0);
  return { value, deviation: Math.sqrt(squares / Math.max(1, subsets - 1)), subsets, subsetSize };
}

/** The same of two whole sets, which need not be of one size. */
export function kernelDiscrepancy(one: Matrix, other: Matrix): number {
  const [a, b] = [rowsInDouble(one), rowsInDouble(other)];
  const across = kernelSum(a, b) / (a.count * b.count);
  return meanWithin(a) + meanWithin(b) - 2 * across;
}

/** Mean over pairs of different rows. */
function meanWithin(rows: Rows): number {
  const itself = rows.squares.reduce((sum, square) => sum + (square / rows.size + 1) ** 3, 0);
  return (kernelSum(rows, rows) - itself) / (rows.count * (rows.count - 1));
}

function kernelSum(one: Rows, other: Rows): number {
  let sum = 0;
  eachRowOfProducts(one, other, (_, products) => {
    for (const product of products) {
      const base = product / one.size + 1;
      sum += base * base * base;
    }
  });
  return sum;
}

function drawn({ count, size, values }: Matrix, wanted: number, random: () => number): Matrix {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  shuffle(random, order);
  const chosen = new Float32Array(wanted * size);
  for (let row = 0; row < wanted; row++) {
    const from = order[row]! * size;
    chosen.set(values.subarray(from, from + size), row * size);
  }
  return { count: wanted, size, values: chosen };
}
