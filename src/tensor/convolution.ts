import { mismatch, primitive } from './define.js';
import type { Tensor } from './graph.js';
import type { ConvolutionAttributes } from './primitives.js';

/**
 * Convolution and its two gradients. As a function of the image and of the kernel, convolution is bilinear, so the
 * three primitives are closed under differentiation: each one's gradients are the other two.
 */

const applyConv = primitive<'conv'>({
  name: 'conv',
  shape: ([x, w], attributes) => {
    const { strides, padding, dilations, groups } = attributes;
    const inputs = [x!, w!];
    const spatial = x!.rank - 2;
    if (x!.rank !== w!.rank || (spatial !== 1 && spatial !== 2))
      mismatch('conv', inputs, 'takes an image [N, C, …] and a kernel [O, C/groups, …] of one or two spatial axes');
    if (x!.shape[1] !== w!.shape[1]! * groups || w!.shape[0]! % groups !== 0) {
      mismatch('conv', inputs, `the channels do not fit ${groups} group(s)`);
    }
    const out = strides.map((stride, axis) => {
      const reach = dilations[axis]! * (w!.shape[axis + 2]! - 1) + 1;
      return Math.floor((x!.shape[axis + 2]! + padding[axis]![0] + padding[axis]![1] - reach) / stride) + 1;
    });
    if (out.some((length) => length < 1)) mismatch('conv', inputs, 'the kernel is larger than the padded image');
    return [{ shape: [x!.shape[0]!, w!.shape[0]!, ...out], dtype: x!.dtype }];
  },
  gradient: ({ inputs: [x, w], attributes, gradients: [g], needed }) => [
    needed[0] ? applyConvInput([g!, w!], { ...attributes, inputSpatial: x!.shape.slice(2) }) : undefined,
    needed[1] ? applyConvWeight([x!, g!], { ...attributes, kernel: w!.shape.slice(2) }) : undefined,
  ],
});

type Apply<Extra> = (inputs: readonly Tensor[], attributes: ConvolutionAttributes & Extra) => Tensor;

const plain = ({ strides, padding, dilations, groups }: ConvolutionAttributes): ConvolutionAttributes => ({
  strides,
  padding,
  dilations,
  groups,
});

const applyConvInput: Apply<{ readonly inputSpatial: readonly number[] }> = primitive<'convInput'>({
  name: 'convInput',
  shape: ([g, w], { groups, inputSpatial }) => {
    if (g!.rank !== w!.rank || g!.shape[1] !== w!.shape[0] || w!.shape[0]! % groups !== 0)
      mismatch('convTranspose', [g!, w!], `the channels do not fit ${groups} group(s)`);
    if (inputSpatial.some((length) => length < 1)) mismatch('convTranspose', [g!, w!], 'nothing is left of the image');
    return [{ shape: [g!.shape[0]!, w!.shape[1]! * groups, ...inputSpatial], dtype: g!.dtype }];
  },
  gradient: ({ inputs: [y, w], attributes, gradients: [g], needed }) => [
    needed[0] ? applyConv([g!, w!], plain(attributes)) : undefined,
    needed[1] ? applyConvWeight([g!, y!], { ...plain(attributes), kernel: w!.shape.slice(2) }) : undefined,
  ],
});

const applyConvWeight: Apply<{ readonly kernel: readonly number[] }> = primitive<'convWeight'>({
  name: 'convWeight',
  shape: ([x, g], { groups, kernel }) => [{ shape: [g!.shape[1]!, x!.shape[1]! / groups, ...kernel], dtype: x!.dtype }],
  gradient: ({ inputs: [x, y], attributes, gradients: [g], needed }) => [
    needed[0] ? applyConvInput([y!, g!], { ...plain(attributes), inputSpatial: x!.shape.slice(2) }) : undefined,
    needed[1] ? applyConv([x!, g!], plain(attributes)) : undefined,
  ],
});

export interface ConvolutionOptions {
  stride?: number | readonly number[];
  /** Zeros around the image: one number, one per axis, or [before, after] per axis; 'same' keeps the size at stride 1. */
  padding?: number | readonly (number | readonly [number, number])[] | 'same';
  dilation?: number | readonly number[];
  groups?: number;
}

const perAxis = (value: number | readonly number[] | undefined, spatial: number): readonly number[] =>
  value === undefined || typeof value === 'number' ? Array.from({ length: spatial }, () => value ?? 1) : value;

/** Fills in the defaults for a kernel, and checks what `inputs` are to be convolved with. */
export function convolutionAttributes(
  inputs: readonly Tensor[],
  kernel: readonly number[],
  options: ConvolutionOptions,
): ConvolutionAttributes {
  const dilations = perAxis(options.dilation, kernel.length);
  const around = options.padding ?? 0;
  const padding = kernel.map((length, axis): readonly [number, number] => {
    if (around === 'same') {
      const total = dilations[axis]! * (length - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    }
    const one = typeof around === 'number' ? around : around[axis]!;
    return typeof one === 'number' ? [one, one] : one;
  });
  const strides = perAxis(options.stride, kernel.length);
  const groups = options.groups ?? 1;
  const isCount = (least: number) => (value: number) => Number.isInteger(value) && value >= least;
  if (strides.length !== kernel.length || dilations.length !== kernel.length)
    mismatch('conv', inputs, `needs a stride and a dilation for each of ${kernel.length} spatial axes`);
  if (![...strides, ...dilations, groups].every(isCount(1)) || !padding.flat().every(isCount(0)))
    mismatch('conv', inputs, 'stride, dilation and groups are whole numbers from 1, padding from 0');
  return { strides, padding, dilations, groups };
}

/** Convolution of x [N, C, …] with w [O, C/groups, …] over one or two spatial axes (cross-correlation, as usual). */
export const conv = (x: Tensor, w: Tensor, options: ConvolutionOptions = {}): Tensor =>
  applyConv([x, w], convolutionAttributes([x, w], w.shape.slice(2), options));

/**
 * Transposed convolution of x [N, C, …] with w [C, O/groups, …]: the gradient of a convolution from O to C channels.
 * `outputPadding` settles which of the sizes that shrink to the same one is meant.
 */
export function convTranspose(
  x: Tensor,
  w: Tensor,
  options: ConvolutionOptions & { outputPadding?: number | readonly number[] } = {},
): Tensor {
  const kernel = w.shape.slice(2);
  const attributes = convolutionAttributes([x, w], kernel, options);
  const extra = perAxis(options.outputPadding ?? 0, kernel.length);
  const inputSpatial = kernel.map((length, axis) => {
    const [before, after] = attributes.padding[axis]!;
    const reach = attributes.dilations[axis]! * (length - 1) + 1;
    return (x.shape[axis + 2]! - 1) * attributes.strides[axis]! - before - after + reach + extra[axis]!;
  });
  return applyConvInput([x, w], { ...attributes, inputSpatial });
}
