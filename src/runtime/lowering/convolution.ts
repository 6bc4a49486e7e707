import type { Node, Tensor } from '../../tensor/graph.js';
import type { ConvolutionAttributes, WindowAttributes } from '../../tensor/primitives.js';
import type { Attribute } from '../onnx/emitter.js';
import type { LoweringContext, Lowerings } from './lowering.js';
import { sizeOf } from '../../tensor/define.js';

export type ConvolutionName = 'conv' | 'convInput' | 'convWeight' | 'maxPool' | 'avgPool' | 'resizeNearest';

const pads = (padding: ConvolutionAttributes['padding']): number[] => [
  ...padding.map(([before]) => before),
  ...padding.map(([, after]) => after),
];

const attributesOf = (attributes: ConvolutionAttributes, kernel: readonly number[]): Record<string, Attribute> => ({
  kernel_shape: kernel,
  strides: attributes.strides,
  pads: pads(attributes.padding),
  dilations: attributes.dilations,
  group: attributes.groups,
});

/**
 * A convolution lays every pixel's window out before its product, a transposed one every pixel's contributions after it:
 * few outputs of many inputs are three times as fast the second way, also where nothing is strided (docs/LOG.md).
 */
const narrows = (inputs: number, outputs: number, kernel: readonly number[]): boolean =>
  2 * outputs <= inputs && kernel.some((length) => length > 1);

/** Pixels that a kernel spans along each axis, less one. */
const reaches = (kernel: readonly number[], dilations: readonly number[]): number[] =>
  kernel.map((length, axis) => (length - 1) * dilations[axis]!);

const areOnes = (values: readonly number[]): boolean => values.every((value) => value === 1);

/** The convolution, plus a bias per output channel where given. */
export function convolution(node: Node<'conv'>, bias: Tensor | undefined, context: LoweringContext): string {
  const { emitter, value } = context;
  const [x, weight] = node.inputs as readonly [Tensor, Tensor];
  const { padding, strides, dilations, groups } = node.attributes;
  const [outputs, inputs, ...kernel] = weight.shape as [number, number, ...number[]];
  const biases = bias === undefined ? [] : [bias.rank === 1 ? value(bias) : emitter.reshape(value(bias), [bias.size])];
  const attributes = attributesOf(node.attributes, kernel);
  const reach = reaches(kernel, dilations);
  const cut = padding.map(([before, after], axis) => [reach[axis]! - before, reach[axis]! - after] as const);
  const fits = areOnes(strides) && groups === 1 && cut.flat().every((count) => count >= 0);
  if (fits && narrows(inputs, outputs, kernel)) {
    const weights = reversedWeights(weight, groups, context);
    return emitter.node('ConvTranspose', [value(x), weights, ...biases], { ...attributes, pads: pads(cut) });
  }
  return emitter.node('Conv', [value(x), value(weight), ...biases], attributes);
}

/** [O, C/g, …k] → [C, O/g, …k] with the kernel turned around: the weights of the convolution that goes back. */
function reversedWeights(weight: Tensor, groups: number, { emitter, value }: LoweringContext): string {
  const [outputs, inputs, ...kernel] = weight.shape as [number, number, ...number[]];
  const axes = kernel.map((_, index) => index + 2).filter((axis) => weight.shape[axis] !== 1);
  let name = value(weight);
  if (axes.length > 0) {
    const all = (number: number): string => emitter.int64(axes.map(() => number));
    name = emitter.node('Slice', [name, all(-1), all(-(2 ** 31)), emitter.int64(axes), all(-1)]);
  }
  const spatial = kernel.map((_, index) => index);
  if (groups === 1) return emitter.transpose(name, [1, 0, ...spatial.map((axis) => axis + 2)]);
  const grouped = emitter.reshape(name, [groups, outputs / groups, inputs, ...kernel]);
  const swapped = emitter.transpose(grouped, [0, 2, 1, ...spatial.map((axis) => axis + 3)]);
  return emitter.reshape(swapped, [groups * inputs, outputs / groups, ...kernel]);
}

function inputGradient(node: Node<'convInput'>, context: LoweringContext): string {
  const { emitter, value } = context;
  const [gradient, weight] = node.inputs as readonly [Tensor, Tensor];
  const { strides, dilations, padding, groups, inputSpatial } = node.attributes;
  const kernel = weight.shape.slice(2);
  const spans = kernel.map((length, axis) => (length - 1) * dilations[axis]! + 1);
  const attributes = attributesOf(node.attributes, kernel);
  const leftOver = inputSpatial.map((length, axis) => {
    const covered = (gradient.shape[axis + 2]! - 1) * strides[axis]! + spans[axis]!;
    return length + padding[axis]![0] + padding[axis]![1] - covered;
  });
  const back = padding.map(([before], axis) => {
    const first = spans[axis]! - 1 - before;
    return [first, inputSpatial[axis]! - 1 - (gradient.shape[axis + 2]! - 1) + before] as const;
  });
  const isNarrow = groups === 1 && narrows(weight.shape[0]!, weight.shape[1]!, kernel);
  if (areOnes(strides) && back.flat().every((count) => count >= 0) && !isNarrow) {
    const weights = reversedWeights(weight, groups, context);
    return emitter.node('Conv', [value(gradient), weights], { ...attributes, pads: pads(back) });
  }
  return emitter.node('ConvTranspose', [value(gradient), value(weight)], { ...attributes, output_padding: leftOver });
}

/** Every position in the kernel. */
const tapsOf = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>(
    (list, length) => list.flatMap((tap) => Array.from({ length }, (_, index) => [...tap, index])),
    [[]],
  );

/** Windows on padded images: where that of each position in the kernel begins, and which pixels it takes. */
interface Windows {
  readonly padding: ConvolutionAttributes['padding'];
  readonly starts: readonly (readonly number[])[];
  readonly lengths: readonly number[];
  readonly strides: readonly number[];
}

/** One slice of the images for each position in the kernel. `first` is their first spatial axis. */
function slicesOf(name: string, windows: Windows, first: 1 | 2, { emitter }: LoweringContext): string[] {
  const { padding, starts, lengths, strides } = windows;
  const isPadded = padding.flat().some((count) => count > 0);
  if (starts.length === 1 && !isPadded && areOnes(strides)) return [name];
  const axes = lengths.map((_, axis) => axis + first);
  let padded = name;
  if (isPadded) {
    const side = (end: 0 | 1): number[] => [
      0,
      ...(first === 2 ? [0] : []),
      ...padding.map((both) => both[end]),
      ...(first === 1 ? [0] : []),
    ];
    padded = emitter.node('Pad', [name, emitter.int64([...side(0), ...side(1)]), emitter.scalar('float32', 0)]);
  }
  return starts.map((start) => {
    const limits = start.map((from, axis) => from + (lengths[axis]! - 1) * strides[axis]! + 1);
    return emitter.node('Slice', [padded, ...[start, limits, axes, strides].map((values) => emitter.int64(values))]);
  });
}

/** The windows of a convolution on its images. */
const windowsOn = (
  { strides, dilations, padding, kernel }: Node<'convWeight'>['attributes'],
  out: readonly number[],
): Windows => ({
  padding,
  starts: tapsOf(kernel).map((tap) => tap.map((index, axis) => index * dilations[axis]!)),
  lengths: out,
  strides,
});

/** The same sums seen from the other side, for strides of 1: windows on the gradient, one for each pixel of the images. */
const windowsBack = (
  { dilations, padding, kernel }: Node<'convWeight'>['attributes'],
  spatial: readonly number[],
): Windows => {
  const reach = reaches(kernel, dilations);
  return {
    padding: padding.map(([before, after], axis) => [reach[axis]! - before, reach[axis]! - after] as const),
    starts: tapsOf(kernel).map((tap) => tap.map((index, axis) => reach[axis]! - index * dilations[axis]!)),
    lengths: spatial,
    strides: kernel.map(() => 1),
  };
};

/** Fewer channels than this make thin products: their windows are laid side by side. */
const thin = 16;

function weightGradient(node: Node<'convWeight'>, context: LoweringContext): string {
  const [x, gradient] = node.inputs as readonly [Tensor, Tensor];
  const { strides, groups, kernel } = node.attributes;
  if (groups !== 1) return weightGradientBySwap(node, context);
  if (context.device === 'webgpu') return weightGradientByTaps(node, context);
  const [channels, outputs] = [x.shape[1]!, gradient.shape[1]!];
  const [spatial, out] = [x.shape.slice(2), gradient.shape.slice(2)];
  const back = windowsBack(node.attributes, spatial);
  if (sizeOf(kernel) === 1) {
    // A product for each image costs a sum over the batch; one for all costs two transposes.
    const sumsAreSmall = outputs * channels < 2 * sizeOf(out) * (outputs + channels);
    if (sumsAreSmall) return weightGradientByImage(node, windowsOn(node.attributes, out), 'images', context);
  } else if (channels < thin && channels <= outputs) {
    return weightGradientByImage(node, windowsOn(node.attributes, out), 'images', context);
  } else if (outputs < thin && areOnes(strides) && back.padding.flat().every((length) => length >= 0)) {
    return weightGradientByImage(node, back, 'gradient', context);
  }
  return weightGradientByTaps(node, context);
}

/** All windows of an image side by side, one product an image, and the sum over the batch. */
function weightGradientByImage(
  node: Node<'convWeight'>,
  windows: Windows,
  on: 'images' | 'gradient',
  context: LoweringContext,
): string {
  const { emitter, value } = context;
  const [x, gradient] = node.inputs as readonly [Tensor, Tensor];
  const [whole, sliced] = on === 'images' ? [gradient, x] : [x, gradient];
  const [batch, rows] = whole.shape as [number, number];
  const taps = windows.starts.length;
  const columns = sliced.shape[1]!;
  const pixels = sizeOf(windows.lengths);
  const slices = slicesOf(value(sliced), windows, 2, context);
  const all = slices.length === 1 ? slices[0]! : emitter.node('Concat', slices, { axis: 1 });
  const flat = [
    emitter.reshape(value(whole), [batch, rows, pixels]),
    emitter.reshape(all, [batch, taps * columns, pixels]),
  ];
  const products = emitter.node('FusedMatMul', flat, { transB: 1 });
  const sum = emitter.node('ReduceSum', [products, emitter.int64([0])], { keepdims: 0 });
  const wide = emitter.reshape(sum, [rows, taps, columns]);
  const order = on === 'images' ? [0, 2, 1] : [2, 0, 1];
  return emitter.reshape(emitter.transpose(wide, order), node.outputs[0]!.shape);
}

/** One product per position of the kernel, over pixels in rows: twice as fast as a convolution with batch and channels exchanged. */
function weightGradientByTaps(node: Node<'convWeight'>, context: LoweringContext): string {
  const { emitter, value } = context;
  const [x, gradient] = node.inputs as readonly [Tensor, Tensor];
  const [batch, channels] = x.shape as [number, number];
  const outputs = gradient.shape[1]!;
  const out = gradient.shape.slice(2);
  const channelsLast = (name: string): string => emitter.transpose(name, [0, ...out.map((_, axis) => axis + 2), 1]);
  const pixels = batch * sizeOf(out);
  const rows = emitter.reshape(channelsLast(value(gradient)), [pixels, outputs]);
  const slices = slicesOf(channelsLast(value(x)), windowsOn(node.attributes, out), 1, context);
  const products = slices.map((slice) =>
    emitter.node('Gemm', [rows, emitter.reshape(slice, [pixels, channels])], { transA: 1 }),
  );
  const all = products.length === 1 ? products[0]! : emitter.node('Concat', products, { axis: 1 });
  const wide = emitter.reshape(all, [outputs, slices.length, channels]);
  return emitter.reshape(emitter.transpose(wide, [0, 2, 1]), node.outputs[0]!.shape);
}

/** Any groups: a convolution in which batch and channels have changed places, and stride and dilation too. */
function weightGradientBySwap(node: Node<'convWeight'>, { emitter, value }: LoweringContext): string {
  const [x, gradient] = node.inputs as readonly [Tensor, Tensor];
  const { strides, dilations, padding, groups, kernel } = node.attributes;
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const [, , ...out] = gradient.shape as [number, number, ...number[]];
  const axes = spatial.map((_, axis) => axis);
  const grouped = emitter.reshape(value(x), [batch, groups, channels / groups, ...spatial]);
  const turned = emitter.transpose(grouped, [2, 1, 0, ...axes.map((axis) => axis + 3)]);
  const images = emitter.reshape(turned, [channels / groups, groups * batch, ...spatial]);
  const weights = emitter.transpose(value(gradient), [1, 0, ...axes.map((axis) => axis + 2)]);
  const correlated = emitter.node('Conv', [images, weights], {
    kernel_shape: out,
    strides: dilations,
    dilations: strides,
    pads: pads(padding),
    group: groups,
  });
  const lengths = kernel.map((_, axis) => {
    const span = spatial[axis]! + padding[axis]![0] + padding[axis]![1] - (out[axis]! - 1) * strides[axis]! - 1;
    return Math.floor(span / dilations[axis]!) + 1;
  });
  let exact = correlated;
  if (lengths.some((length, axis) => length !== kernel[axis])) {
    const bounds = [axes.map(() => 0), kernel, axes.map((axis) => axis + 2)].map((values) => emitter.int64(values));
    exact = emitter.node('Slice', [correlated, ...bounds]);
  }
  return emitter.transpose(exact, [1, 0, ...axes.map((axis) => axis + 2)]);
}

const windowed = ({ window, strides, padding }: WindowAttributes): Record<string, Attribute> => ({
  kernel_shape: window,
  strides,
  pads: pads(padding),
});

export const convolutions: Lowerings<ConvolutionName> = {
  conv: (node, context) => convolution(node, undefined, context),
  convInput: inputGradient,
  convWeight: weightGradient,
  maxPool: ({ inputs: [x], attributes }, { emitter, value }) =>
    emitter.node('MaxPool', [value(x!)], windowed(attributes)),
  avgPool: ({ inputs: [x], attributes }, { emitter, value }) =>
    emitter.node('AveragePool', [value(x!)], { ...windowed(attributes), count_include_pad: 1 }),
  resizeNearest: ({ inputs: [x], attributes: { scales } }, { emitter, value }) =>
    emitter.node(
      'Resize',
      [value(x!), '', emitter.initializer('float32', [scales.length + 2], Float32Array.of(1, 1, ...scales))],
      {
        mode: 'nearest',
        nearest_mode: 'floor',
        coordinate_transformation_mode: 'asymmetric',
      },
    ),
};
