import type { Matrix } from './features.js';

/** Rows in float64, and the sum of squares of each. */
export interface Rows {
  readonly count: number;
  readonly size: number;
  readonly values: Float64Array;
  readonly squares: Float64Array;
}

export function rowsInDouble({ count, size, values }: Matrix): Rows {
  const double = Float64Array.from(values);
  const squares = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    // Term by term, as below: so a row's distance to its equal is exactly 0.
    for (let k = row * size; k < (row + 1) * size; k++) squares[row]! += double[k]! * double[k]!;
  }
  return { count, size, values: double, squares };
}

/**
 * Inner products of the rows of one matrix with those of another. Four rows at a time share each number read, which
 * makes it a few times as fast as one by one.
 *
 * @param visit is given each row of products; it may not keep the array, which is overwritten
 */
export function eachRowOfProducts(one: Rows, other: Rows, visit: (row: number, products: Float64Array) => void): void {
  const { size } = one;
  const a = one.values;
  const b = other.values;
  const [first, second, third, fourth] = [0, 1, 2, 3].map(() => new Float64Array(other.count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let row = 0; row < one.count; row += 4) {
    const last = one.count - 1;
    const a0 = row * size;
    const a1 = Math.min(row + 1, last) * size;
    const a2 = Math.min(row + 2, last) * size;
    const a3 = Math.min(row + 3, last) * size;
    for (let column = 0; column < other.count; column++) {
      const start = column * size;
      let [p0, p1, p2, p3] = [0, 0, 0, 0];
      for (let k = 0; k < size; k++) {
        const value = b[start + k]!;
        p0 += a[a0 + k]! * value;
        p1 += a[a1 + k]! * value;
        p2 += a[a2 + k]! * value;
        p3 += a[a3 + k]! * value;
      }
      first[column] = p0;
      second[column] = p1;
      third[column] = p2;
      fourth[column] = p3;
    }
    [first, second, third, fourth].slice(0, one.count - row).forEach((products, index) => {
      visit(row + index, products);
    });
  }
}
