import { RuntimeError } from '../errors.js';

export interface Eigen {
  /** In no particular order. */
  readonly values: Float64Array;
  /** [size, size]: row i is the unit eigenvector of value i. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [size, size]: Householder reflections to a tridiagonal one, then
 * implicit QR steps with Wilkinson's shift (Golub & Van Loan, Matrix Computations, sections 8.3.1 to 8.3.5).
 *
 * @throws RuntimeError when a number is not finite, without which it converges
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  if (matrix.some((value) => !Number.isFinite(value))) throw new RuntimeError('A matrix entry is not finite');
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const { diagonal, beside } = tridiagonalise(matrix.slice(), size, vectors);
  diagonalise(diagonal, beside, vectors);
  return { values: diagonal, vectors };
}

/** Overwrites both: each reflection is applied to the matrix from both sides and to `vectors` from the left. */
function tridiagonalise(a: Float64Array, size: number, vectors: Float64Array) {
  const beside = new Float64Array(Math.max(0, size - 1));
  const negligible = Number.EPSILON * a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k < size - 2; k++) {
    let squares = 0;
    for (let i = k + 1; i < size; i++) squares += (v[i] = a[k * size + i]!) ** 2;
    const norm = Math.sqrt(squares);
    const first = v[k + 1]!;
    // Of a matrix of low rank nothing is left but rounding, which each further reflection would square.
    if (norm <= negligible) {
      beside[k] = first;
      continue;
    }
    const image = first > 0 ? -norm : norm;
    beside[k] = image;
    v[k + 1] = first - image;
    const length = squares - first * first + v[k + 1]! ** 2;
    const beta = 2 / length;
    let along = 0;
    for (let i = k + 1; i < size; i++) {
      let sum = 0;
      for (let j = k + 1; j < size; j++) sum += a[i * size + j]! * v[j]!;
      w[i] = beta * sum;
      along += w[i]! * v[i]!;
    }
    for (let i = k + 1; i < size; i++) w[i]! -= 0.5 * beta * along * v[i]!;
    for (let i = k + 1; i < size; i++) {
      for (let j = k + 1; j < size; j++) a[i * size + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
    }
    reflectRows(vectors, size, { v, beta, from: k + 1 });
  }
  if (size > 1) beside[size - 2] = a[(size - 2) * size + size - 1]!;
  const diagonal = Float64Array.from({ length: size }, (_, i) => a[i * size + i]!);
  return { diagonal, beside };
}

/** rows ← rows − beta v (vᵀ rows), for the rows from `from` on. */
function reflectRows(
  rows: Float64Array,
  size: number,
  { v, beta, from }: { v: Float64Array; beta: number; from: number },
): void {
  const sums = new Float64Array(size);
  for (let i = from; i < size; i++) {
    for (let j = 0; j < size; j++) sums[j]! += v[i]! * rows[i * size + j]!;
  }
  for (let i = from; i < size; i++) {
    const scaled = beta * v[i]!;
    for (let j = 0; j < size; j++) rows[i * size + j]! -= scaled * sums[j]!;
  }
}

/** Turns the diagonal into eigenvalues, and the rows of `vectors` along. */
function diagonalise(diagonal: Float64Array, beside: Float64Array, vectors: Float64Array): void {
  const size = diagonal.length;
  const largest = diagonal.reduce((most, value, i) => Math.max(most, Math.abs(value), Math.abs(beside[i] ?? 0)), 0);
  // What rounding has put there already: a matrix of low rank has many eigenvalues of no other size.
  const negligible = Number.EPSILON * largest;
  const isSmall = (k: number): boolean => Math.abs(beside[k]!) <= negligible;
  let end = size - 1;
  // Two or three steps an eigenvalue are usual.
  for (let steps = 0; end > 0; steps++) {
    if (steps > 60 * size) throw new RuntimeError(`The eigenvalues of a matrix of ${size} rows do not converge`);
    if (isSmall(end - 1)) {
      beside[--end] = 0;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !isSmall(start - 1)) start--;
    qrStep({ diagonal, beside, vectors, start, end });
  }
}

function qrStep(options: {
  diagonal: Float64Array;
  beside: Float64Array;
  vectors: Float64Array;
  start: number;
  end: number;
}): void {
  const { diagonal: d, beside: e, vectors, start, end } = options;
  const half = (d[end - 1]! - d[end]!) / 2;
  const last = e[end - 1]!;
  const shift = d[end]! - (last * last) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, last));
  let x = d[start]! - shift;
  let z = e[start]!;
  for (let k = start; k < end; k++) {
    const r = Math.hypot(x, z);
    const [c, s] = r === 0 ? [1, 0] : [x / r, z / r];
    if (k > start) e[k - 1] = r;
    const [a, b, f] = [d[k]!, e[k]!, d[k + 1]!];
    d[k] = c * c * a + 2 * c * s * b + s * s * f;
    d[k + 1] = s * s * a - 2 * c * s * b + c * c * f;
    e[k] = c * s * (f - a) + (c - s) * (c + s) * b;
    if (k < end - 1) {
      z = s * e[k + 1]!;
      e[k + 1]! *= c;
    }
    x = e[k]!;
    rotateRows(vectors, d.length, { row: k, c, s });
  }
}

/** Turns two neighbouring rows in their plane. */
function rotateRows(rows: Float64Array, size: number, { row, c, s }: { row: number; c: number; s: number }): void {
  const [upper, lower] = [row * size, (row + 1) * size];
  for (let j = 0; j < size; j++) {
    const [a, b] = [rows[upper + j]!, rows[lower + j]!];
    rows[upper + j] = c * a + s * b;
    rows[lower + j] = c * b - s * a;
  }
}
