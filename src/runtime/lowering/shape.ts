import type { Tensor } from '../../tensor/graph.js';
import type { Shape } from '../../tensor/primitives.js';
import type { LoweringContext, Lowerings } from './lowering.js';

export type ShapeName =
  | 'input' | 'constant' | 'full' | 'iota' | 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'reverse' | 'pad' | 'concat'; // prettier-ignore

/** Repeats a value to a shape. */
function expand(name: string, shape: Shape, { emitter }: LoweringContext): string {
  return shape.length === 0 ? name : emitter.node('Expand', [name, emitter.int64(shape)]);
}

const axesOf = (x: Tensor): number[] => [...x.shape.keys()];

export const shape: Lowerings<ShapeName> = {
  input: ({ attributes: { name } }) => {
    throw new Error(`the input '${name}' is not among the program's arguments`);
  },
  constant: ({ outputs: [y], attributes: { data } }, { emitter }) => emitter.initializer(y!.dtype, y!.shape, data),
  full: ({ outputs: [y], attributes: { value } }, context) =>
    expand(context.emitter.scalar(y!.dtype, value), y!.shape, context),
  iota: ({ outputs: [y], attributes: { axis } }, context) => {
    const { emitter } = context;
    const length = y!.shape[axis] ?? 1;
    const column = y!.shape.map((_, index) => (index === axis ? length : 1));
    const counted = emitter.initializer(
      'int32',
      column,
      Int32Array.from({ length }, (_, index) => index),
    );
    const typed = y!.dtype === 'int32' ? counted : emitter.cast(counted, y!.dtype);
    return column.every((size, index) => size === y!.shape[index]) ? typed : expand(typed, y!.shape, context);
  },
  reshape: ({ inputs: [x], attributes }, { emitter, value }) => emitter.reshape(value(x!), attributes.shape),
  transpose: ({ inputs: [x], attributes: { permutation } }, { emitter, value }) =>
    emitter.transpose(value(x!), permutation),
  broadcast: ({ inputs: [x], attributes }, context) => expand(context.value(x!), attributes.shape, context),
  slice: ({ inputs: [x], attributes: { starts, limits, strides } }, { emitter, value }) => {
    const cut = axesOf(x!).filter(
      (axis) => starts[axis] !== 0 || limits[axis] !== x!.shape[axis] || strides[axis] !== 1,
    );
    const pick = (values: readonly number[]): string => emitter.int64(cut.map((axis) => values[axis]!));
    if (cut.length === 0) return value(x!);
    return emitter.node('Slice', [value(x!), pick(starts), pick(limits), emitter.int64(cut), pick(strides)]);
  },
  reverse: ({ inputs: [x], attributes: { axes } }, { emitter, value }) => {
    const all = (number: number): string => emitter.int64(axes.map(() => number));
    // From the last element down to before the first: the end is any number below minus the length.
    return emitter.node('Slice', [value(x!), all(-1), all(-(2 ** 31)), emitter.int64(axes), all(-1)]);
  },
  pad: ({ inputs: [x], attributes: { before, after, value: fill } }, { emitter, value }) =>
    emitter.node('Pad', [value(x!), emitter.int64([...before, ...after]), emitter.scalar(x!.dtype, fill)]),
  concat: ({ inputs, attributes: { axis } }, { emitter, value }) => emitter.node('Concat', inputs.map(value), { axis }),
};
