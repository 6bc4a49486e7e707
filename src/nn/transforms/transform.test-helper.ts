import { expect } from 'vitest';
import type { Engine, HostTree } from '../../runtime/engine.js';
import { sizeOf } from '../../tensor/define.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { Draws, type Tensor, float32, trace } from '../../tensor/index.js';
import { counterRandom, fillNormal } from '../../tensor/random.js';
import { parameterLeaves } from '../parameters.js';
import type { Given, Transform } from './transform.js';

export interface TransformCase {
  readonly transform: Transform;
  /** Of one argument, without the batch axis. */
  readonly shape: readonly number[];
  /** Shapes of what else it looks at, without the batch axis. */
  readonly vector?: number;
  readonly features?: readonly number[];
  /** Makes an argument of standard normal numbers one that it takes. Default: as they are. */
  readonly argument?: (normal: number) => number;
  /** Deviation of the random parameters. Default 0.3. */
  readonly spread?: number;
  readonly seed?: number;
}

const batch = 2;
const numbers = (seed: number, purpose: string, size: number): Float64Array =>
  fillNormal(counterRandom(seed, purpose, 0), new Float64Array(size));

/** Random parameters by path; flags are set, as after an initialisation. */
function randomParameters(transform: Transform, { spread = 0.3, seed = 1 }): Record<string, Float64Array> {
  return Object.fromEntries(
    parameterLeaves(transform.parameters).map(({ path, spec }) => [
      path,
      numbers(seed, path, sizeOf(spec.shape)).map((value) => (path.endsWith('initialised') ? 1 : spread * value)),
    ]),
  );
}

type Arguments = { p: unknown; x: Tensor; given: Record<string, Tensor> };

/** A function of parameters, x and what is given, run in float64. */
function run(test: TransformCase, x: Float64Array, fn: (args: { p: never; x: Tensor; given: Given }) => object) {
  const { transform, shape, vector, features, seed = 1 } = test;
  const given = {
    key: { shape: [2], dtype: 'int32' as const },
    ...(vector && { vector: float32(batch, vector) }),
    ...(features && { features: float32(batch, ...features) }),
  };
  const specs = { p: transform.parameters, x: float32(batch, ...shape), given };
  const graph = trace((args: Arguments) => {
    const { key, ...rest } = args.given;
    return fn({ p: args.p as never, x: args.x, given: { ...rest, draws: new Draws(key!) } });
  }, specs);
  const values: Record<string, ArrayLike<number>> = { x, 'given.key': [3, 4] };
  for (const [path, value] of Object.entries(randomParameters(transform, test)))
    values[path === '' ? 'p' : `p.${path}`] = value;
  if (vector) values['given.vector'] = numbers(seed, 'vector', batch * vector);
  if (features) values['given.features'] = numbers(seed, 'features', batch * sizeOf(features));
  return evaluate(graph, values);
}

const argumentOf = ({ shape, argument = (value) => value, seed = 1 }: TransformCase): Float64Array =>
  numbers(seed, 'argument', batch * sizeOf(shape)).map(argument);

/** log |det| by elimination. */
function logDeterminant(matrix: number[][]): number {
  let total = 0;
  for (let column = 0; column < matrix.length; column++) {
    const order = matrix.slice(column).sort((a, b) => Math.abs(b[column]!) - Math.abs(a[column]!));
    matrix.splice(column, order.length, ...order);
    total += Math.log(Math.abs(matrix[column]![column]!));
    for (let row = column + 1; row < matrix.length; row++) {
      const factor = matrix[row]![column]! / matrix[column]![column]!;
      for (let at = column; at < matrix.length; at++) matrix[row]![at]! -= factor * matrix[column]![at]!;
    }
  }
  return total;
}

const worst = (found: ArrayLike<number>, wanted: ArrayLike<number>): number =>
  Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(found[i]! - value) / (1 + Math.abs(value))), 0);

/**
 * What every transform owes, in float64 at random parameters: its inverse undoes it, both ways; its log-determinant is
 * that of the numerical Jacobian, row by row; one row does not see another.
 */
export function expectTransform(test: TransformCase, { step = 1e-5, tolerance = 1e-5 } = {}): void {
  const { transform } = test;
  const x = argumentOf(test);
  const size = x.length / batch;
  const forward = (at: Float64Array) =>
    run(test, at, ({ p, x: argument, given }) => transform.forward(p, argument, given)) as {
      z: Float64Array;
      logDeterminant: Float64Array;
    };
  const { z, logDeterminant: claimed } = forward(x);
  const there = run(test, x, ({ p, x: argument, given }) => ({
    x: transform.inverse(p, transform.forward(p, argument, given).z, given),
  }));
  expect(worst(there['x']!, x), 'inverse after forward').toBeLessThan(tolerance);

  const jacobians = Array.from({ length: batch }, () =>
    Array.from({ length: size }, () => new Array<number>(size).fill(0)),
  );
  for (let column = 0; column < size; column++) {
    // Both rows are moved at once: they do not see each other, which is tested below.
    const moved = [1, -1].map((sign) => {
      const at = x.slice();
      for (let row = 0; row < batch; row++) at[row * size + column]! += sign * step;
      return forward(at).z;
    });
    for (let row = 0; row < batch; row++) {
      for (let output = 0; output < size; output++) {
        const index = row * size + output;
        jacobians[row]![output]![column] = (moved[0]![index]! - moved[1]![index]!) / (2 * step);
      }
    }
  }
  expect(worst(claimed, jacobians.map(logDeterminant)), 'log-determinant').toBeLessThan(100 * tolerance);

  const other = x.slice();
  for (let i = 0; i < size; i++) other[size + i] = x[i]!;
  expect(worst(forward(other).z.subarray(0, size), z.subarray(0, size)), 'a row alone').toBeLessThan(1e-12);
}

/** The same on the engine, in float32: inverse after forward. */
export async function expectInvertibleOnEngine(engine: Engine, test: TransformCase, tolerance = 1e-3): Promise<void> {
  const { transform, shape } = test;
  const x = Float32Array.from(argumentOf(test));
  const program = await engine.compile(
    (({ p, x: argument }: { p: never; x: Tensor }) => ({
      x: transform.inverse(p, transform.forward(p, argument, {}).z, {}),
    })) as never,
    { p: transform.parameters, x: float32(batch, ...shape) },
  );
  const values = randomParameters(transform, test);
  const tree = nest(transform.parameters, values);
  const result = (await program.run({ p: tree, x })) as { x: Float32Array };
  expect(worst(result.x, x)).toBeLessThan(tolerance);
}

/** Values by path as a tree of the declared shape. */
function nest(specs: unknown, values: Record<string, Float64Array>, prefix = ''): HostTree {
  const value = values[prefix];
  if (value !== undefined) return Float32Array.from(value);
  const join = (key: string): string => (prefix === '' ? key : `${prefix}.${key}`);
  if (Array.isArray(specs)) return specs.map((child, index) => nest(child, values, join(String(index))));
  return Object.fromEntries(
    Object.entries(specs as object).map(([key, child]) => [key, nest(child, values, join(key))]),
  );
}
