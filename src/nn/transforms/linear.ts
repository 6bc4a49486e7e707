import { type Tensor, add, constant, conv, div, exp, matmul, mul, neg, reshape, sub, sum } from '../../tensor/index.js';
import { counterRandom, fillNormal } from '../../tensor/random.js';
import { parameter } from '../parameters.js';
import { type Transform, defineTransform, sameForAll } from './transform.js';

/** A square matrix as rows. */
type Matrix = number[][];

/** A random rotation: Gram and Schmidt over normal numbers. */
function randomRotation(size: number, seed: number): Matrix {
  const random = counterRandom(seed, 'rotation of a flow', size);
  const rows: Matrix = [];
  while (rows.length < size) {
    const row = Array.from(fillNormal(random, new Float64Array(size)));
    for (const other of rows) {
      const along = row.reduce((total, value, i) => total + value * other[i]!, 0);
      other.forEach((value, i) => (row[i]! -= along * value));
    }
    const length = Math.hypot(...row);
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

/** P, L with ones on its diagonal and U, whose product P L U is the matrix; rows are exchanged for the greatest pivots. */
export function decompose(matrix: Matrix): { permutation: Matrix; lower: Matrix; upper: Matrix } {
  const size = matrix.length;
  const upper = matrix.map((row) => [...row]);
  const order = matrix.map((_, row) => row);
  const lower: Matrix = matrix.map(() => new Array<number>(size).fill(0));
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let row = column; row < size; row++) {
      if (Math.abs(upper[row]![column]!) > Math.abs(upper[best]![column]!)) best = row;
    }
    for (const rows of [upper, lower, order] as unknown[][]) [rows[column], rows[best]] = [rows[best], rows[column]];
    for (let row = column + 1; row < size; row++) {
      const factor = upper[row]![column]! / upper[column]![column]!;
      lower[row]![column] = factor;
      upper[column]!.forEach((value, at) => (upper[row]![at]! -= factor * value));
      upper[row]![column] = 0;
    }
    lower[column]![column] = 1;
  }
  const permutation: Matrix = matrix.map(() => new Array<number>(size).fill(0));
  order.forEach((from, to) => (permutation[from]![to] = 1));
  return { permutation, lower, upper };
}

/** (I + N)⁻¹ for an N that is zero on and to one side of the diagonal: (I − N)(I + N²)(I + N⁴)…, as Nⁿ = 0. */
function inverseOfUnit(strict: Tensor, identity: Tensor): Tensor {
  let power = neg(strict);
  let result = add(identity, power);
  for (let reached = 2; reached < strict.shape[0]!; reached *= 2) {
    power = matmul(power, power);
    result = matmul(result, add(identity, power));
  }
  return result;
}

/**
 * A learned rotation of the channels of [B, C, …], kept as P L (U + diag s) with a fixed permutation P, so that its
 * log-determinant is Σ log |s| and its inverse two triangles (Kingma & Dhariwal 2018, Glow, section 3.2). It begins as
 * a random rotation by `seed`; the parameters are what is added to that beginning.
 */
export function invertibleLinear(channels: number, seed: number): Transform {
  const { permutation, lower, upper } = decompose(randomRotation(channels, seed));
  const made = (fn: (row: number, column: number) => number): Tensor =>
    constant(
      Float32Array.from({ length: channels * channels }, (_, at) => fn(Math.floor(at / channels), at % channels)),
      [channels, channels],
    );
  const vector = (fn: (index: number) => number): Tensor => constant(Array.from({ length: channels }, (_, i) => fn(i)));
  const parameters = {
    lower: parameter([channels, channels], { decay: false }),
    upper: parameter([channels, channels], { decay: false }),
    logDiagonal: parameter([channels]),
  };
  type Parameters = Readonly<Record<keyof typeof parameters, Tensor>>;
  const identity = (): Tensor => made((row, column) => Number(row === column));
  const parts = (p: Parameters) => ({
    permutation: made((row, column) => permutation[row]![column]!),
    lower: add(
      mul(
        p.lower,
        made((row, column) => Number(row > column)),
      ),
      made((row, column) => (row > column ? lower[row]![column]! : 0)),
    ),
    upper: add(
      mul(
        p.upper,
        made((row, column) => Number(row < column)),
      ),
      made((row, column) => (row < column ? upper[row]![column]! : 0)),
    ),
    logDiagonal: add(
      p.logDiagonal,
      vector((i) => Math.log(Math.abs(upper[i]![i]!))),
    ),
    sign: vector((i) => Math.sign(upper[i]![i]!)),
  });
  /** diag(s) as a column, which scales rows. */
  const scales = ({ sign, logDiagonal }: ReturnType<typeof parts>): Tensor =>
    reshape(mul(sign, exp(logDiagonal)), [channels, 1]);
  const apply = (weight: Tensor, x: Tensor): Tensor =>
    x.rank === 2
      ? matmul(x, weight, { transposeB: true })
      : conv(x, reshape(weight, [channels, channels, ...x.shape.slice(2).map(() => 1)]));
  return defineTransform({
    parameters,
    kind: 'exact',
    forward: (p, x) => {
      const all = parts(p);
      const right = add(all.upper, mul(identity(), scales(all)));
      const weight = matmul(all.permutation, matmul(add(all.lower, identity()), right));
      const positions = x.size / (x.shape[0]! * channels);
      return { z: apply(weight, x), logDeterminant: sameForAll(mul(sum(all.logDiagonal), positions), x) };
    },
    inverse: (p, z) => {
      const all = parts(p);
      const scale = scales(all);
      const left = inverseOfUnit(all.lower, identity());
      // U + diag s = diag s (I + diag s⁻¹ U)
      const right = inverseOfUnit(div(all.upper, scale), identity());
      const inverse = matmul(matmul(right, div(left, scale)), all.permutation, { transposeB: true });
      // One step of Newton's method takes away what rounding has added.
      const weight = matmul(
        all.permutation,
        matmul(add(all.lower, identity()), add(all.upper, mul(identity(), scale))),
      );
      const better = sub(mul(inverse, 2), matmul(inverse, matmul(weight, inverse)));
      return apply(better, z);
    },
  });
}
