import { constant, full, table, zeros } from './create.js';
import { isFloatType, mismatch, primitive, sizeOf } from './define.js';
import { type ConvolutionOptions, convTranspose, convolutionAttributes } from './convolution.js';
import { add, mul } from './elementwise.js';
import { type Rule, type Tensor, apply } from './graph.js';
import { gather, scatterAddAlongAxis } from './indexing.js';
import { matmul } from './linear.js';
import type { WindowAttributes } from './primitives.js';
import { argMax } from './reductions.js';
import { pad, slice, stack } from './shaping.js';
import { reshape, transpose } from './structure.js';

/** Pooling and resizing of images [N, C, …]. */

export type PoolOptions = Pick<ConvolutionOptions, 'stride' | 'padding'>;

function windowShape(op: string, x: Tensor, { window, strides, padding }: WindowAttributes): number[] {
  if (x.rank !== window.length + 2 || !isFloatType(x.dtype))
    mismatch(op, [x], `takes float [N, C, …] with ${window.length} spatial axes`);
  const out = window.map((length, axis) => {
    const padded = x.shape[axis + 2]! + padding[axis]![0] + padding[axis]![1];
    return Math.floor((padded - length) / strides[axis]!) + 1;
  });
  if (padding.some(([before, after], axis) => Math.max(before, after) >= window[axis]!))
    mismatch(op, [x], 'the padding is as wide as the window');
  if (out.some((length) => length < 1)) mismatch(op, [x], 'the window is larger than the padded image');
  return [x.shape[0]!, x.shape[1]!, ...out];
}

/** The place in an image of a row-major position. */
function placeOf(position: number, lengths: readonly number[]): number[] {
  let rest = position;
  return lengths.reduceRight<number[]>((place, length) => {
    const index = rest % length;
    rest = Math.floor(rest / length);
    return [index, ...place];
  }, []);
}

/** Every window position as a strided view of the padded image: one tensor of the output's shape per offset. */
const taps = (padded: Tensor, out: readonly number[], { window, strides }: WindowAttributes) =>
  Array.from({ length: sizeOf(window) }, (_, index) => {
    const offsets = placeOf(index, window);
    const ranges = offsets.map((start, axis) => {
      const stride = strides[axis]!;
      return [start, start + (out[axis]! - 1) * stride + 1, stride] as const;
    });
    return { offsets, view: slice(padded, [null, null, ...ranges]) };
  });

const around = (padding: WindowAttributes['padding']) => [[0, 0] as const, [0, 0] as const, ...padding];

/** Row-major position of a place in an image. */
const flatten = (place: readonly number[], lengths: readonly number[]): number =>
  place.reduce((position, index, axis) => position * lengths[axis]! + index, 0);

const maxPoolRule: Rule<'maxPool'> = {
  name: 'maxPool',
  shape: ([x], attributes) => [{ shape: windowShape('maxPool', x!, attributes), dtype: x!.dtype }],
  // All of it goes to the first greatest element of the window: find its place in the padded image, and add it there.
  gradient: ({ inputs: [x], outputs: [y], attributes, gradients: [g] }) => {
    const padded = pad(x!, around(attributes.padding), -Infinity);
    const [lengths, out] = [padded.shape.slice(2), y!.shape.slice(2)];
    const views = taps(padded, out, attributes);
    const tap = argMax(stack(views.map(({ view }) => view)), { axis: 0 });
    const ofTap = constant(Int32Array.from(views, ({ offsets }) => flatten(offsets, lengths)));
    const ofWindow = constant(
      Int32Array.from({ length: sizeOf(out) }, (_, index) =>
        flatten(
          placeOf(index, out).map((place, axis) => place * attributes.strides[axis]!),
          lengths,
        ),
      ),
      out,
    );
    const channels = [x!.shape[0]!, x!.shape[1]!];
    const positions = reshape(add(gather(ofTap, tap), ofWindow), [...channels, -1]);
    const blank = zeros([...channels, sizeOf(lengths)], x!.dtype);
    const spread = scatterAddAlongAxis(blank, positions, reshape(g!, positions.shape));
    const inner = attributes.padding.map(([before], axis) => [before, before + x!.shape[axis + 2]!] as const);
    return [slice(reshape(spread, padded.shape), [null, null, ...inner])];
  },
};

const avgPoolRule: Rule<'avgPool'> = {
  name: 'avgPool',
  shape: ([x], attributes) => [{ shape: windowShape('avgPool', x!, attributes), dtype: x!.dtype }],
  gradient: ({ inputs: [x], attributes: { window, strides, padding }, gradients: [g] }) => {
    const share = 1 / sizeOf(window);
    const tiled =
      padding.flat().every((length) => length === 0) && window.every((length, axis) => length === strides[axis]);
    if (tiled && window.every((length, axis) => x!.shape[axis + 2]! % length === 0))
      return [mul(applyResizeNearest([g!], { scales: window }), share)];
    // Mean pooling is convolution of each channel with a constant kernel; its dual is the transposed one.
    const [n, channels] = [x!.shape[0]!, x!.shape[1]!];
    const kernel = full([1, 1, ...window], share, x!.dtype);
    const flat = reshape(g!, [n * channels, 1, ...g!.shape.slice(2)]);
    const outputPadding = window.map((length, axis) => {
      const covered = (g!.shape[axis + 2]! - 1) * strides[axis]! + length;
      return x!.shape[axis + 2]! + padding[axis]![0] + padding[axis]![1] - covered;
    });
    return [reshape(convTranspose(flat, kernel, { stride: strides, padding, outputPadding }), x!.shape)];
  },
};

const windowAttributes = (window: number | readonly number[], x: Tensor, options: PoolOptions): WindowAttributes => {
  const lengths = typeof window === 'number' ? Array.from({ length: x.rank - 2 }, () => window) : window;
  const { strides, padding } = convolutionAttributes([x], lengths, { stride: lengths, ...options });
  return { window: lengths, strides, padding };
};

/** The greatest element of each window; the stride is the window by default. */
export const maxPool = (x: Tensor, window: number | readonly number[], options: PoolOptions = {}): Tensor =>
  apply(maxPoolRule, [x], windowAttributes(window, x, options))[0]!;

/** The mean of each window, padding counted as zeros; the stride is the window by default. */
export const avgPool = (x: Tensor, window: number | readonly number[], options: PoolOptions = {}): Tensor =>
  apply(avgPoolRule, [x], windowAttributes(window, x, options))[0]!;

const applyResizeNearest = primitive<'resizeNearest'>({
  name: 'resizeNearest',
  shape: ([x], { scales }) => [
    { shape: x!.shape.map((length, axis) => (axis < 2 ? length : length * scales[axis - 2]!)), dtype: x!.dtype },
  ],
  gradient: ({ attributes: { scales }, gradients: [g] }) => [mul(avgPool(g!, scales), sizeOf(scales))],
});

/** The weights with which each of `to` places reads `from` places (half-pixel centres, edges clamped). */
function interpolation(from: number, to: number, mode: 'nearest' | 'bilinear'): Float32Array {
  const weights = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    if (mode === 'nearest') {
      weights[row * from + Math.min(from - 1, Math.floor((row * from) / to))] = 1;
      continue;
    }
    const centre = Math.min(from - 1, Math.max(0, ((row + 0.5) * from) / to - 0.5));
    const low = Math.min(from - 1, Math.floor(centre));
    const high = Math.min(from - 1, low + 1);
    weights[row * from + low] = (weights[row * from + low] ?? 0) + 1 - (centre - low);
    weights[row * from + high] = (weights[row * from + high] ?? 0) + centre - low;
  }
  return weights;
}

/** Resizes the spatial axes of [N, C, …]. Interpolation is linear, so it is a product with a constant matrix per axis. */
export function resize(x: Tensor, spatial: readonly number[], mode: 'nearest' | 'bilinear' = 'nearest'): Tensor {
  if (spatial.length !== x.rank - 2 || spatial.some((length) => !Number.isInteger(length) || length < 1))
    mismatch('resize', [x], `needs ${x.rank - 2} positive sizes, got [${spatial.join(', ')}]`);
  const scales = spatial.map((length, axis) => length / x.shape[axis + 2]!);
  if (mode === 'nearest' && scales.every((scale) => Number.isInteger(scale)))
    return applyResizeNearest([x], { scales });
  return spatial.reduce((image, length, index) => {
    const axis = index + 2;
    const from = image.shape[axis]!;
    if (from === length) return image;
    const weights = table(`${mode} ${from} ${length}`, () => interpolation(from, length, mode), [length, from]);
    const order = [...image.shape.keys()].filter((other) => other !== axis).concat(axis);
    const resized = matmul(transpose(image, order), weights, { transposeB: true });
    return transpose(
      resized,
      order.map((_, place) => order.indexOf(place)),
    );
  }, x);
}
