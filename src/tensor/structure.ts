import { broadcastShapes, mismatch, normaliseAxes, primitive, sameShape, sizeOf } from './define.js';
import type { Rule, Tensor } from './graph.js';
import type { Shape } from './primitives.js';

/** The operations that every gradient rule needs: reshape, transpose, and the dual pair broadcast and sum. */

const applyReshape = primitive<'reshape'>({
  name: 'reshape',
  shape: ([x], { shape }) => {
    if (sizeOf(shape) !== x!.size)
      mismatch('reshape', [x!], `does not have the ${sizeOf(shape)} elements of [${shape.join(', ')}]`);
    return [{ shape, dtype: x!.dtype }];
  },
  gradient: ({ inputs: [x], gradients: [g] }) => [reshape(g!, x!.shape)],
});

/** The same elements, row-major, in another shape. One length may be -1: it is worked out from the others. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const unknown = shape.indexOf(-1);
  const known = shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const full = unknown < 0 ? shape : shape.map((length, axis) => (axis === unknown ? x.size / known : length));
  if (full.some((length) => !Number.isInteger(length) || length < 0)) {
    mismatch('reshape', [x], `does not fit [${shape.join(', ')}]`);
  }
  return sameShape(x.shape, full) ? x : applyReshape([x], { shape: full });
}

const applyTranspose = primitive<'transpose'>({
  name: 'transpose',
  shape: ([x], { permutation }) => [{ shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype }],
  gradient: ({ attributes: { permutation }, gradients: [g] }) => [
    transpose(
      g!,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
});

/** Reorders the axes; without a permutation, the last two change places. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const last = x.rank - 1;
  const order = permutation ?? [...x.shape.keys()].map((axis) => (axis < last - 1 ? axis : 2 * last - 1 - axis));
  const sorted = [...order].sort((a, b) => a - b);
  if (order.length !== x.rank || sorted.some((axis, index) => axis !== index)) {
    mismatch('transpose', [x], `[${order.join(', ')}] is not an order of its ${x.rank} axes`);
  }
  return order.every((axis, index) => axis === index) ? x : applyTranspose([x], { permutation: order });
}

const applyBroadcast = primitive<'broadcast'>({
  name: 'broadcast',
  shape: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  gradient: ({ inputs: [x], gradients: [g] }) => [sumTo(g!, x!.shape)],
});

/** Repeats x along new axes and along axes of length 1 (numpy's rule). */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const result = broadcastShapes(x.shape, shape);
  if (result === undefined || !sameShape(result, shape)) {
    mismatch('broadcastTo', [x], `cannot be repeated to [${shape.join(', ')}]`);
  }
  return applyBroadcast([x], { shape });
}

/** The shape that a reduction leaves. */
export const reducedShape = (shape: Shape, axes: readonly number[], keepDims: boolean): Shape =>
  keepDims
    ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : shape.filter((_, axis) => !axes.includes(axis));

/** Puts the reduced axes back with length 1. */
export const keepReduced = (reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor =>
  reshape(reduced, reducedShape(shape, axes, true));

const sumRule: Rule<'sum'> = {
  name: 'sum',
  shape: ([x], { axes, keepDims }) => {
    if (x!.dtype === 'bool') mismatch('sum', [x!], 'does not take bool', 'convert it with cast()');
    return [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }];
  },
  gradient: ({ inputs: [x], attributes: { axes }, gradients: [g] }) => [
    broadcastTo(keepReduced(g!, x!.shape, axes), x!.shape),
  ],
};
const applySum = primitive(sumRule);

export interface ReductionOptions {
  /** The axes to reduce; all of them by default. */
  axes?: number | readonly number[];
  /** Leave the reduced axes in place with length 1. */
  keepDims?: boolean;
}

/** Sum over axes. */
export function sum(x: Tensor, options: ReductionOptions = {}): Tensor {
  const axes = normaliseAxes('sum', x, options.axes);
  return axes.length === 0 ? x : applySum([x], { axes, keepDims: options.keepDims ?? false });
}

/** The dual of broadcasting: sums x down to `shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.rank - shape.length;
  const axes = [...x.shape.keys()].filter((axis) => axis < extra || (shape[axis - extra] === 1 && x.shape[axis] !== 1));
  return reshape(axes.length === 0 ? x : applySum([x], { axes, keepDims: false }), shape);
}
