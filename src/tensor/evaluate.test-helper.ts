import { ancestors } from './grad.js';
import type { Node, Tensor } from './graph.js';
import type { PrimitiveName, Primitives, Shape } from './primitives.js';
import { sizeOf } from './define.js';
import type { Graph } from './trace.js';
import { forEachConvolutionTerm, forEachWindow } from './windows.test-helper.js';

/**
 * A slow and simple interpreter of every primitive in float64: what the operations mean, written for nothing but
 * clearness. Finite differences of it are exact enough to hold a gradient to six digits.
 */

export type Values = Float64Array;
type Evaluate<Name extends PrimitiveName> = (inputs: readonly Values[], node: Node<Name>) => Values | readonly Values[];

/** Row-major steps of a shape. */
const stepsOf = (shape: Shape): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** The place of a row-major position. */
const placeOf = (position: number, shape: Shape): number[] => {
  const steps = stepsOf(shape);
  return shape.map((length, axis) => Math.floor(position / steps[axis]!) % length);
};

/** The row-major position of a place; an axis of length 1 is repeated, and missing leading axes are too. */
const positionOf = (place: readonly number[], shape: Shape): number => {
  const steps = stepsOf(shape);
  const skip = place.length - shape.length;
  return shape.reduce((sum, length, axis) => sum + (length === 1 ? 0 : place[axis + skip]! * steps[axis]!), 0);
};

/** Fills a shape from a function of the place. */
const fill = (shape: Shape, fn: (place: number[], position: number) => number): Values =>
  Float64Array.from({ length: sizeOf(shape) }, (_, position) => fn(placeOf(position, shape), position));

const unary =
  (fn: (x: number) => number): Evaluate<PrimitiveName> =>
  ([x]) =>
    x!.map(fn);

const binary =
  (fn: (a: number, b: number, node: Node) => number): Evaluate<PrimitiveName> =>
  ([a, b], node) =>
    fill(node.outputs[0]!.shape, (place) =>
      fn(a![positionOf(place, node.inputs[0]!.shape)]!, b![positionOf(place, node.inputs[1]!.shape)]!, node),
    );

/** The values along the reduced axes, for each place that remains. */
const reduce =
  (fn: (values: number[]) => number): Evaluate<'sum' | 'mean' | 'max' | 'min' | 'logSumExp'> =>
  ([x], { inputs: [source], outputs: [result], attributes: { axes } }) => {
    const groups = Array.from({ length: result!.size }, (): number[] => []);
    const kept = source!.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    x!.forEach((value, position) => groups[positionOf(placeOf(position, source!.shape), kept)]!.push(value));
    return Float64Array.from(groups, fn);
  };

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const logSumExp = (values: readonly number[]): number => {
  const top = Math.max(...values);
  return Number.isFinite(top) ? top + Math.log(total(values.map((value) => Math.exp(value - top)))) : top;
};

/** Each line of x along an axis, as positions. */
function* lines(shape: Shape, axis: number): Generator<number[]> {
  const step = stepsOf(shape)[axis]!;
  for (let position = 0; position < sizeOf(shape); position++) {
    if (placeOf(position, shape)[axis] !== 0) continue;
    yield Array.from({ length: shape[axis]! }, (_, index) => position + index * step);
  }
}

/** Abramowitz and Stegun's series for small x, and their continued fraction for large: to the last digits of float64. */
function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction;
  return 1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const halfToEven = (x: number): number => {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
};

/** The nearest number with so many bits of significand, halves to the even one (normal range only). */
const withBits = (x: number, bits: number): number => {
  if (x === 0 || !Number.isFinite(x)) return x;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - bits + 1);
  return halfToEven(x / unit) * unit;
};

const gather: Evaluate<'gather'> = ([x, indices], { inputs: [source, at], outputs: [result], attributes: { axis } }) =>
  fill(result!.shape, (place) => {
    const index = indices![positionOf(place.slice(axis, axis + at!.rank), at!.shape)]!;
    return x![positionOf([...place.slice(0, axis), index, ...place.slice(axis + at!.rank)], source!.shape)]!;
  });

/** Adds each update where `target` says. */
const scatter = (base: Values, updates: Values, shape: Shape, target: (place: number[]) => number): Values => {
  const result = base.slice();
  updates.forEach((update, position) => (result[target(placeOf(position, shape))]! += update));
  return result;
};

const replaced = (place: readonly number[], axis: number, index: number): number[] => place.with(axis, index);

const rules: { readonly [Name in PrimitiveName]?: Evaluate<Name> } = {
  constant: (_, { attributes: { data } }) => Float64Array.from(data),
  full: (_, { attributes: { value }, outputs: [y] }) => new Float64Array(y!.size).fill(value),
  iota: (_, { attributes: { axis }, outputs: [y] }) => fill(y!.shape, (place) => place[axis]!),
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  tanh: unary(Math.tanh),
  sigmoid: unary(sigmoid),
  erf: unary(erf),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(halfToEven),
  relu: unary((x) => Math.max(0, x)),
  silu: unary((x) => x * sigmoid(x)),
  geluTanh: unary((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  geluErf: unary((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  not: unary((x) => 1 - x),
  isNaN: unary((x) => (Number.isNaN(x) ? 1 : 0)),
  cast: ([x], { attributes: { dtype } }) => {
    if (dtype === 'bool') return x!.map((value) => (value === 0 ? 0 : 1));
    if (dtype === 'int32') return x!.map((value) => Math.trunc(value));
    if (dtype === 'float32') return x!;
    return x!.map((value) => withBits(value, dtype === 'float16' ? 11 : 8));
  },
  clip: ([x], { attributes: { min, max } }) => x!.map((value) => Math.min(max, Math.max(min, value))),

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b, { outputs: [y] }) => (y!.dtype === 'int32' ? Math.trunc(a / b) : a / b)),
  pow: binary((a, b) => a ** b),
  maximum: binary((a, b) => Math.max(a, b)),
  minimum: binary((a, b) => Math.min(a, b)),
  mod: binary((a, b) => a - b * Math.floor(a / b)),
  equal: binary((a, b) => (a === b ? 1 : 0)),
  less: binary((a, b) => (a < b ? 1 : 0)),
  lessEqual: binary((a, b) => (a <= b ? 1 : 0)),
  and: binary((a, b) => a & b),
  or: binary((a, b) => a | b),
  where: ([c, a, b], { inputs, outputs: [y] }) =>
    fill(y!.shape, (place) => {
      const [p, q, r] = inputs.map(({ shape }) => positionOf(place, shape));
      return c![p!] === 1 ? a![q!]! : b![r!]!;
    }),

  reshape: ([x]) => x!,
  transpose: ([x], { inputs: [source], outputs: [y], attributes: { permutation } }) =>
    fill(
      y!.shape,
      (place) =>
        x![
          positionOf(
            [...permutation.keys()].map((axis) => place[permutation.indexOf(axis)]!),
            source!.shape,
          )
        ]!,
    ),
  broadcast: ([x], { inputs: [source], outputs: [y] }) =>
    fill(y!.shape, (place) => x![positionOf(place, source!.shape)]!),
  slice: ([x], { inputs: [source], outputs: [y], attributes: { starts, strides } }) =>
    fill(
      y!.shape,
      (place) =>
        x![
          positionOf(
            place.map((index, axis) => starts[axis]! + index * strides[axis]!),
            source!.shape,
          )
        ]!,
    ),
  reverse: ([x], { inputs: [source], outputs: [y], attributes: { axes } }) =>
    fill(
      y!.shape,
      (place) =>
        x![
          positionOf(
            place.map((index, axis) => (axes.includes(axis) ? source!.shape[axis]! - 1 - index : index)),
            source!.shape,
          )
        ]!,
    ),
  pad: ([x], { inputs: [source], outputs: [y], attributes: { before, value } }) =>
    fill(y!.shape, (place) => {
      const inner = place.map((index, axis) => index - before[axis]!);
      const inside = inner.every((index, axis) => index >= 0 && index < source!.shape[axis]!);
      return inside ? x![positionOf(inner, source!.shape)]! : value;
    }),
  concat: (parts, { inputs, outputs: [y], attributes: { axis } }) =>
    fill(y!.shape, (place) => {
      let [part, index] = [0, place[axis]!];
      while (index >= inputs[part]!.shape[axis]!) index -= inputs[part++]!.shape[axis]!;
      return parts[part]![positionOf(replaced(place, axis, index), inputs[part]!.shape)]!;
    }),

  gather,
  scatterAdd: ([base, indices, updates], { inputs: [target, at, source] }) =>
    scatter(base!, updates!, source!.shape, (place) => {
      const row = indices![positionOf(place.slice(0, at!.rank), at!.shape)]!;
      return positionOf([row, ...place.slice(at!.rank)], target!.shape);
    }),
  takeAlongAxis: ([x, indices], { inputs: [source], outputs: [y], attributes: { axis } }) =>
    fill(y!.shape, (place, position) => x![positionOf(replaced(place, axis, indices![position]!), source!.shape)]!),
  scatterAddAlongAxis: ([base, indices, updates], { inputs: [target, at], attributes: { axis } }) =>
    scatter(base!, updates!, at!.shape, (place) =>
      positionOf(replaced(place, axis, indices![positionOf(place, at!.shape)]!), target!.shape),
    ),
  cumsum: ([x], { outputs: [y], attributes: { axis, exclusive, reverse } }) => {
    const result = new Float64Array(x!.length);
    for (const line of lines(y!.shape, axis)) {
      let sum = 0;
      for (const position of reverse ? line.reverse() : line) {
        result[position] = exclusive ? sum : sum + x![position]!;
        sum += x![position]!;
      }
    }
    return result;
  },
  topK: ([x], { inputs: [source], outputs: [y], attributes: { k, axis } }) => {
    const [values, indices] = [new Float64Array(y!.size), new Float64Array(y!.size)];
    const targets = lines(y!.shape, axis);
    for (const line of lines(source!.shape, axis)) {
      const target = targets.next().value as number[];
      const order = [...line.keys()].sort((a, b) => x![line[b]!]! - x![line[a]!]!);
      for (let rank = 0; rank < k; rank++) {
        values[target[rank]!] = x![line[order[rank]!]!]!;
        indices[target[rank]!] = order[rank]!;
      }
    }
    return [values, indices];
  },

  sum: reduce(total),
  mean: reduce((values) => total(values) / values.length),
  max: reduce((values) => Math.max(...values)),
  min: reduce((values) => Math.min(...values)),
  logSumExp: reduce(logSumExp),
  argMax: ([x], { inputs: [source], attributes: { axis } }) =>
    Float64Array.from(lines(source!.shape, axis), (line) => {
      const values = line.map((position) => x![position]!);
      return values.indexOf(Math.max(...values));
    }),

  matmul: ([a, b], { inputs: [left, right], outputs: [y], attributes: { transposeA, transposeB, alpha } }) => {
    const inner = left!.shape.at(transposeA ? -2 : -1)!;
    return fill(y!.shape, (place) => {
      const [batch, row, column] = [place.slice(0, -2), place.at(-2)!, place.at(-1)!];
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        const p = positionOf([...batch, ...(transposeA ? [k, row] : [row, k])], left!.shape);
        const q = positionOf([...batch, ...(transposeB ? [column, k] : [k, column])], right!.shape);
        sum += a![p]! * b![q]!;
      }
      return alpha * sum;
    });
  },
  conv: ([x, w], { inputs: [image, kernel], outputs: [y], attributes }) => {
    const result = new Float64Array(y!.size);
    forEachConvolutionTerm(
      image!.shape,
      kernel!.shape,
      y!.shape,
      attributes,
      (i, j, k) => (result[k]! += x![i]! * w![j]!),
    );
    return result;
  },
  convInput: ([g, w], { inputs: [out, kernel], outputs: [y], attributes }) => {
    const result = new Float64Array(y!.size);
    forEachConvolutionTerm(
      y!.shape,
      kernel!.shape,
      out!.shape,
      attributes,
      (i, j, k) => (result[i]! += g![k]! * w![j]!),
    );
    return result;
  },
  convWeight: ([x, g], { inputs: [image, out], outputs: [y], attributes }) => {
    const result = new Float64Array(y!.size);
    forEachConvolutionTerm(
      image!.shape,
      y!.shape,
      out!.shape,
      attributes,
      (i, j, k) => (result[j]! += g![k]! * x![i]!),
    );
    return result;
  },
  maxPool: ([x], { inputs: [image], outputs: [y], attributes }) => {
    const result = new Float64Array(y!.size).fill(-Infinity);
    forEachWindow(image!.shape, y!.shape, attributes, (i, k) => (result[k] = Math.max(result[k]!, x![i]!)));
    return result;
  },
  avgPool: ([x], { inputs: [image], outputs: [y], attributes }) => {
    const result = new Float64Array(y!.size);
    forEachWindow(image!.shape, y!.shape, attributes, (i, k) => (result[k]! += x![i]! / sizeOf(attributes.window)));
    return result;
  },
  resizeNearest: ([x], { inputs: [image], outputs: [y], attributes: { scales } }) =>
    fill(
      y!.shape,
      (place) =>
        x![
          positionOf(
            place.map((index, axis) => (axis < 2 ? index : Math.floor(index / scales[axis - 2]!))),
            image!.shape,
          )
        ]!,
    ),

  softmax: ([x], { outputs: [y], attributes: { axis } }) => {
    const result = new Float64Array(x!.length);
    for (const line of lines(y!.shape, axis)) {
      const all = logSumExp(line.map((position) => x![position]!));
      for (const position of line) result[position] = Math.exp(x![position]! - all);
    }
    return result;
  },
  layerNorm: ([x, scale, bias], { inputs: [source], attributes: { epsilon } }) => {
    const [result, means, inverses] = [new Float64Array(x!.length), [] as number[], [] as number[]];
    for (const line of lines(source!.shape, source!.rank - 1)) {
      const mean = total(line.map((position) => x![position]!)) / line.length;
      const variance = total(line.map((position) => (x![position]! - mean) ** 2)) / line.length;
      const inverse = 1 / Math.sqrt(variance + epsilon);
      line.forEach((position, i) => (result[position] = (x![position]! - mean) * inverse * scale![i]! + bias![i]!));
      means.push(mean);
      inverses.push(inverse);
    }
    return [result, Float64Array.from(means), Float64Array.from(inverses)];
  },
  rmsNorm: ([x, scale], { inputs: [source], attributes: { epsilon } }) => {
    const result = new Float64Array(x!.length);
    for (const line of lines(source!.shape, source!.rank - 1)) {
      const inverse = 1 / Math.sqrt(total(line.map((position) => x![position]! ** 2)) / line.length + epsilon);
      line.forEach((position, i) => (result[position] = x![position]! * inverse * scale![i]!));
    }
    return result;
  },
  /** Some numbers in [0, 1) that depend on key, stream and position alone. */
  randomUniform: ([key], { outputs: [y], attributes: { stream } }) =>
    fill(y!.shape, (_, position) => {
      const noise =
        Math.sin((key![0]! + 1) * 12.9898 + (key![1]! + 1) * 78.233 + stream * 37.719 + position) * 43758.5453;
      return noise - Math.floor(noise);
    }),
  stopGradient: ([x]) => x!,
  customGradient: ([x]) => x!,
  barrier: ([x]) => x!,
};

/** Runs a graph. `inputs` holds the values of its inputs by path; the result those of its outputs. */
export function evaluate(graph: Graph, inputs: Readonly<Record<string, ArrayLike<number>>>): Record<string, Values> {
  const values = new Map<Tensor, Values>();
  for (const node of ancestors(graph.outputs.map(({ tensor }) => tensor))) {
    const rule = rules[node.op] as Evaluate<PrimitiveName> | undefined;
    const results =
      node.op === 'input'
        ? Float64Array.from(inputs[(node.attributes as Primitives['input']).name]!)
        : rule!(
            node.inputs.map((input) => values.get(input)!),
            node,
          );
    const list = results instanceof Float64Array ? [results] : results;
    node.outputs.forEach((output, index) => values.set(output, list[index]!));
  }
  return Object.fromEntries(graph.outputs.map(({ path, tensor }) => [path, values.get(tensor)!]));
}
