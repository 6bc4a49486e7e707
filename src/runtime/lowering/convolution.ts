import type { Node, Tensor } from '../../tensor/graph.js';
import type { ConvolutionAttributes, WindowAttributes } from '../../tensor/primitives.js';
import type { Attribute } from '../onnx/emitter.js';
import type { LoweringContext, Lowerings } from './lowering.js';

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

/** The convolution, plus a bias per output channel where given. */
export function convolution(node: Node<'conv'>, bias: Tensor | undefined, { emitter, value }: LoweringContext): string {
  const [x, weight] = node.inputs as readonly [Tensor, Tensor];
  const inputs = [value(x), value(weight)];
  if (bias !== undefined) inputs.push(bias.rank === 1 ? value(bias) : emitter.reshape(value(bias), [bias.size]));
  return emitter.node('Conv', inputs, attributesOf(node.attributes, weight.shape.slice(2)));
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
  if (strides.every((stride) => stride === 1) && back.flat().every((count) => count >= 0)) {
    const weights = reversedWeights(weight, groups, context);
    return emitter.node('Conv', [value(gradient), weights], { ...attributes, pads: pads(back) });
  }
  return emitter.node('ConvTranspose', [value(gradient), value(weight)], { ...attributes, output_padding: leftOver });
}

/** One product per position of the kernel, over pixels in rows: twice as fast as a convolution with batch and channels exchanged. */
function weightGradientByTaps(node: Node<'convWeight'>, { emitter, value }: LoweringContext): string {
  const [x, gradient] = node.inputs as readonly [Tensor, Tensor];
  const { strides, dilations, padding, kernel } = node.attributes;
  const [batch, channels] = x.shape as [number, number];
  const outputs = gradient.shape[1]!;
  const out = gradient.shape.slice(2);
  const spatial = out.map((_, axis) => axis + 1);
  const channelsLast = (name: string): string => emitter.transpose(name, [0, ...spatial.map((axis) => axis + 1), 1]);
  const pixels = batch * out.reduce((product, length) => product * length, 1);

  let padded = channelsLast(value(x));
  if (padding.flat().some((count) => count > 0)) {
    const counts = [0, ...padding.map(([before]) => before), 0, 0, ...padding.map(([, after]) => after), 0];
    padded = emitter.node('Pad', [padded, emitter.int64(counts), emitter.scalar(x.dtype, 0)]);
  }
  const rows = emitter.reshape(channelsLast(value(gradient)), [pixels, outputs]);
  const taps = kernel.reduce<number[][]>(
    (list, length) => list.flatMap((tap) => Array.from({ length }, (_, index) => [...tap, index])),
    [[]],
  );
  const slices = taps.map((tap) => {
    const starts = tap.map((index, axis) => index * dilations[axis]!);
    const limits = starts.map((start, axis) => start + (out[axis]! - 1) * strides[axis]! + 1);
    const wanted = [starts, limits, spatial, strides].map((values) => emitter.int64(values));
    return emitter.reshape(emitter.node('Slice', [padded, ...wanted]), [pixels, channels]);
  });
  // Few channels make thin products: lay the taps side by side instead.
  const products =
    channels < 16
      ? [emitter.node('Gemm', [rows, join(slices)], { transA: 1 })]
      : slices.map((slice) => emitter.node('Gemm', [rows, slice], { transA: 1 }));
  const wide = emitter.reshape(join(products), [outputs, taps.length, channels]);
  return emitter.reshape(emitter.transpose(wide, [0, 2, 1]), node.outputs[0]!.shape);

  function join(names: readonly string[]): string {
    return names.length === 1 ? names[0]! : emitter.node('Concat', names, { axis: 1 });
  }
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
  convWeight: (node, context) =>
    node.attributes.groups === 1 ? weightGradientByTaps(node, context) : weightGradientBySwap(node, context),
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
