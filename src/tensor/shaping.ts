import { mismatch, normaliseAxes, normaliseAxis, primitive, sameShape } from './define.js';
import type { Tensor } from './graph.js';
import { reshape } from './structure.js';

/** Cutting, joining and padding. */

const applySlice = primitive<'slice'>({
  name: 'slice',
  shape: ([x], { starts, limits, strides }) => [
    {
      shape: starts.map((start, axis) => Math.max(0, Math.ceil((limits[axis]! - start) / strides[axis]!))),
      dtype: x!.dtype,
    },
  ],
  gradient: ({ inputs: [x], attributes: { starts, strides }, gradients: [g] }) => {
    let spread = g!;
    strides.forEach((stride, axis) => {
      if (stride > 1) spread = spreadOut(spread, axis, stride);
    });
    const after = x!.shape.map((length, axis) => length - starts[axis]! - spread.shape[axis]!);
    return [
      pad(
        spread,
        starts.map((start, axis) => [start, after[axis]!] as const),
      ),
    ];
  },
});

/** Puts stride - 1 zeros between neighbours along an axis. */
function spreadOut(x: Tensor, axis: number, stride: number): Tensor {
  const length = x.shape[axis]!;
  const column = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  const padded = pad(
    column,
    column.shape.map((_, index) => [0, index === axis + 1 ? stride - 1 : 0] as const),
  );
  const flat = reshape(
    padded,
    x.shape.map((size, index) => (index === axis ? length * stride : size)),
  );
  return sliceAxis(flat, { axis, limit: (length - 1) * stride + 1 });
}

/** [start, limit) with an optional stride along one axis; negative positions count from the end. */
export function sliceAxis(
  x: Tensor,
  { axis, start = 0, limit, stride = 1 }: { axis: number; start?: number; limit?: number; stride?: number },
): Tensor {
  const at = normaliseAxis('slice', x, axis);
  return slice(
    x,
    Array.from({ length: at + 1 }, (_, index) => (index === at ? ([start, limit, stride] as const) : null)),
  );
}

/**
 * A block of x: [start, limit, stride] for each of the leading axes; negative positions count from the end, and `null`
 * leaves an axis whole.
 */
export function slice(x: Tensor, ranges: readonly (readonly [number, number?, number?] | null)[]): Tensor {
  if (ranges.length > x.rank) mismatch('slice', [x], `has no ${ranges.length} axes`);
  const cuts = x.shape.map((length, axis) => {
    const [start, limit = length, stride = 1] = ranges[axis] ?? [0];
    if (!Number.isInteger(stride) || stride < 1)
      mismatch('slice', [x], `the stride must be a positive integer, not ${stride}`);
    if (!Number.isInteger(start) || !Number.isInteger(limit))
      mismatch('slice', [x], `[${start}, ${limit}) on axis ${axis} does not lie at whole numbers`);
    const place = (position: number): number =>
      Math.min(length, Math.max(0, position < 0 ? position + length : position));
    const from = place(start);
    return { from, to: Math.max(from, place(limit)), stride };
  });
  if (cuts.every(({ from, to, stride }, axis) => from === 0 && to === x.shape[axis] && stride === 1)) return x;
  return applySlice([x], {
    starts: cuts.map(({ from }) => from),
    limits: cuts.map(({ to }) => to),
    strides: cuts.map(({ stride }) => stride),
  });
}

const applyPad = primitive<'pad'>({
  name: 'pad',
  shape: ([x], { before, after }) => [
    { shape: x!.shape.map((length, axis) => length + before[axis]! + after[axis]!), dtype: x!.dtype },
  ],
  gradient: ({ inputs: [x], attributes: { before }, gradients: [g] }) => [
    slice(
      g!,
      x!.shape.map((length, axis) => [before[axis]!, before[axis]! + length] as const),
    ),
  ],
});

/** Adds [before, after] elements of `value` (zero by default) to every axis. */
export function pad(x: Tensor, counts: readonly (readonly [number, number])[], value = 0): Tensor {
  if (counts.length !== x.rank || counts.flat().some((count) => !Number.isInteger(count) || count < 0)) {
    mismatch('pad', [x], `[${counts.map(String).join('; ')}] is not a non-negative [before, after] for each axis`);
  }
  if (counts.flat().every((count) => count === 0)) return x;
  return applyPad([x], { before: counts.map(([before]) => before), after: counts.map(([, after]) => after), value });
}

const applyConcat = primitive<'concat'>({
  name: 'concat',
  shape: (inputs, { axis }) => {
    const [first] = inputs;
    const others = (shape: readonly number[]): readonly number[] => shape.filter((_, index) => index !== axis);
    for (const input of inputs) {
      if (input.dtype !== first!.dtype) mismatch('concat', inputs, 'the dtypes differ');
      if (input.rank !== first!.rank || !sameShape(others(input.shape), others(first!.shape))) {
        mismatch('concat', inputs, `the shapes differ outside axis ${axis}`);
      }
    }
    const length = inputs.reduce((total, input) => total + input.shape[axis]!, 0);
    return [{ shape: first!.shape.map((size, index) => (index === axis ? length : size)), dtype: first!.dtype }];
  },
  gradient: ({ inputs, attributes: { axis }, gradients: [g], needed }) => {
    let start = 0;
    return inputs.map((input, index) => {
      const from = start;
      start += input.shape[axis]!;
      return needed[index] ? sliceAxis(g!, { axis, start: from, limit: start }) : undefined;
    });
  },
});

/** Joins tensors along an axis that exists. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (first === undefined) mismatch('concat', [], 'there is nothing to join');
  return tensors.length === 1 ? first : applyConcat(tensors, { axis: normaliseAxis('concat', first, axis) });
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(
    tensors.map((tensor) => expandDims(tensor, axis)),
    axis,
  );
}

/** Cuts an axis into parts of the given lengths, or into so many equal ones. */
export function split(x: Tensor, parts: number | readonly number[], axis = -1): Tensor[] {
  const at = normaliseAxis('split', x, axis);
  const length = x.shape[at]!;
  const sizes = typeof parts === 'number' ? Array.from({ length: parts }, () => length / parts) : parts;
  if (sizes.some((size) => !Number.isInteger(size)) || sizes.reduce((a, b) => a + b, 0) !== length) {
    mismatch('split', [x], `axis ${at} does not divide into [${sizes.join(', ')}]`);
  }
  let start = 0;
  return sizes.map((size) => sliceAxis(x, { axis: at, start, limit: (start += size) }));
}

/** A new axis of length 1. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = axis < 0 ? axis + x.rank + 1 : axis;
  if (!Number.isInteger(at) || at < 0 || at > x.rank) mismatch('expandDims', [x], `there is no place ${axis}`);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** Drops an axis of length 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const at = normaliseAxis('squeeze', x, axis);
  if (x.shape[at] !== 1) mismatch('squeeze', [x], `axis ${at} has length ${String(x.shape[at])}, not 1`);
  return reshape(
    x,
    x.shape.filter((_, index) => index !== at),
  );
}

const applyReverse = primitive<'reverse'>({
  name: 'reverse',
  shape: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  gradient: ({ attributes: { axes }, gradients: [g] }) => [reverse(g!, axes)],
});

/** Turns the order of the elements around along the axes. */
export const reverse = (x: Tensor, axes: number | readonly number[]): Tensor =>
  applyReverse([x], { axes: normaliseAxes('reverse', x, axes) });
