import { mismatch, normaliseAxis, primitive, sameShape } from './define.js';
import { iota, zeros } from './create.js';
import { cast, equal } from './elementwise.js';
import type { Tensor } from './graph.js';
import { type Rule, apply } from './graph.js';
import type { DType } from './primitives.js';
import { expandDims } from './shaping.js';
import { reshape, transpose } from './structure.js';

/** Reading and writing at integer positions. Indices are int32 and must lie within the axis. */

const needIndices = (op: string, inputs: readonly Tensor[], indices: Tensor): void => {
  if (indices.dtype !== 'int32')
    mismatch(op, inputs, 'the indices must be int32', "convert them with cast(indices, 'int32')");
};

const needSameElsewhere = (op: string, inputs: readonly Tensor[], axis: number): void => {
  const [x, indices] = inputs as [Tensor, Tensor];
  if (x.rank !== indices.rank || x.shape.some((length, other) => other !== axis && length !== indices.shape[other]))
    mismatch(op, inputs, `the shapes must agree outside axis ${axis}`);
};

const applyGather = primitive<'gather'>({
  name: 'gather',
  shape: ([x, indices], { axis }) => {
    needIndices('gather', [x!, indices!], indices!);
    return [{ shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], dtype: x!.dtype }];
  },
  gradient: ({ inputs: [x, indices], attributes: { axis }, gradients: [g] }) => {
    if (axis === 0) return [scatterAdd(zeros(x!.shape, x!.dtype), indices!, g!), undefined];
    // Bring the indexed axes to the front, scatter there, and bring the axis home.
    const width = indices!.rank;
    const axes = [...g!.shape.keys()];
    const front = transpose(g!, [
      ...axes.slice(axis, axis + width),
      ...axes.slice(0, axis),
      ...axes.slice(axis + width),
    ]);
    const moved = [x!.shape[axis]!, ...x!.shape.slice(0, axis), ...x!.shape.slice(axis + 1)];
    const scattered = scatterAdd(zeros(moved, x!.dtype), indices!, front);
    const home = [...x!.shape.keys()].map((index) => (index === axis ? 0 : index < axis ? index + 1 : index));
    return [transpose(scattered, home), undefined];
  },
});

/** Takes slices of x at `indices` along an axis; the axis is replaced by the shape of the indices. */
export const gather = (x: Tensor, indices: Tensor, axis = 0): Tensor =>
  applyGather([x, indices], { axis: normaliseAxis('gather', x, axis) });

const applyScatterAdd = primitive<'scatterAdd'>({
  name: 'scatterAdd',
  shape: ([base, indices, updates]) => {
    const inputs = [base!, indices!, updates!];
    needIndices('scatterAdd', inputs, indices!);
    if (!sameShape(updates!.shape, [...indices!.shape, ...base!.shape.slice(1)])) {
      mismatch('scatterAdd', inputs, 'the updates must have the shape indices.shape + base.shape[1:]');
    }
    return [{ shape: base!.shape, dtype: base!.dtype }];
  },
  gradient: ({ inputs: [, indices], gradients: [g], needed }) => [
    g,
    undefined,
    needed[2] ? gather(g!, indices!) : undefined,
  ],
});

/** Adds `updates` to rows of `base`; rows named twice receive both. */
export const scatterAdd = (base: Tensor, indices: Tensor, updates: Tensor): Tensor =>
  applyScatterAdd([base, indices, updates], {});

const applyTakeAlongAxis = primitive<'takeAlongAxis'>({
  name: 'takeAlongAxis',
  shape: ([x, indices], { axis }) => {
    needIndices('takeAlongAxis', [x!, indices!], indices!);
    needSameElsewhere('takeAlongAxis', [x!, indices!], axis);
    return [{ shape: indices!.shape, dtype: x!.dtype }];
  },
  gradient: ({ inputs: [x, indices], attributes: { axis }, gradients: [g] }) => [
    scatterAddAlongAxis(zeros(x!.shape, x!.dtype), indices!, g!, axis),
    undefined,
  ],
});

/** numpy.take_along_axis: y[…, i, …] = x[…, indices[…, i, …], …]. */
export const takeAlongAxis = (x: Tensor, indices: Tensor, axis = -1): Tensor =>
  applyTakeAlongAxis([x, indices], { axis: normaliseAxis('takeAlongAxis', x, axis) });

const applyScatterAddAlongAxis = primitive<'scatterAddAlongAxis'>({
  name: 'scatterAddAlongAxis',
  shape: ([base, indices, updates], { axis }) => {
    const inputs = [base!, indices!, updates!];
    needIndices('scatterAddAlongAxis', inputs, indices!);
    if (!sameShape(indices!.shape, updates!.shape))
      mismatch('scatterAddAlongAxis', inputs, 'indices and updates must have one shape');
    needSameElsewhere('scatterAddAlongAxis', inputs, axis);
    return [{ shape: base!.shape, dtype: base!.dtype }];
  },
  gradient: ({ inputs: [, indices], attributes: { axis }, gradients: [g], needed }) => [
    g,
    undefined,
    needed[2] ? takeAlongAxis(g!, indices!, axis) : undefined,
  ],
});

/** The dual of takeAlongAxis: adds `updates` to `base` at `indices` along the axis. */
export const scatterAddAlongAxis = (base: Tensor, indices: Tensor, updates: Tensor, axis = -1): Tensor =>
  applyScatterAddAlongAxis([base, indices, updates], { axis: normaliseAxis('scatterAddAlongAxis', base, axis) });

const cumsumRule: Rule<'cumsum'> = {
  name: 'cumsum',
  shape: ([x]) => {
    if (x!.dtype === 'bool') mismatch('cumsum', [x!], 'does not take bool', 'convert it with cast()');
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  gradient: ({ attributes, gradients: [g] }) => [cumsum(g!, { ...attributes, reverse: !attributes.reverse })],
};

/** Running sum along an axis; exclusive leaves the element itself out, reverse runs from the end. */
export function cumsum(x: Tensor, options: { axis?: number; exclusive?: boolean; reverse?: boolean } = {}): Tensor {
  const axis = normaliseAxis('cumsum', x, options.axis ?? -1);
  const { exclusive = false, reverse = false } = options;
  return apply(cumsumRule, [x], { axis, exclusive, reverse })[0]!;
}

const topKRule: Rule<'topK'> = {
  name: 'topK',
  shape: ([x], { k, axis }) => {
    if (!Number.isInteger(k) || k < 1 || k > x!.shape[axis]!)
      mismatch('topK', [x!], `k = ${k} is not a whole number from 1 to the length of axis ${axis}`);
    const shape = x!.shape.map((length, index) => (index === axis ? k : length));
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  gradient: ({ inputs: [x], outputs: [, indices], attributes: { axis }, gradients: [g] }) => [
    scatterAddAlongAxis(zeros(x!.shape, x!.dtype), indices!, g!, axis),
  ],
};

/** The k greatest elements along an axis, greatest first, and where they were (int32). */
export function topK(x: Tensor, k: number, axis = -1): { values: Tensor; indices: Tensor } {
  const [values, indices] = apply(topKRule, [x], { k, axis: normaliseAxis('topK', x, axis) });
  return { values: values!, indices: indices! };
}

/** A new last axis of length `depth`: 1 at the index, else 0. */
export function oneHot(indices: Tensor, depth: number, dtype: DType = 'float32'): Tensor {
  const positions = reshape(iota([depth]), [...indices.shape.map(() => 1), depth]);
  return cast(equal(expandDims(indices, -1), positions), dtype);
}
