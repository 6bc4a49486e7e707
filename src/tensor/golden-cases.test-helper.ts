import { readFileSync } from 'node:fs';
import * as t from './index.js';
import type { DType, Shape, Tensor } from './index.js';

/** One computation with PyTorch's result, and with its gradients for a given cotangent of the result. */
export interface GoldenCase {
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType; readonly data: readonly number[] }[];
  readonly output: { readonly shape: Shape; readonly data: readonly number[] };
  /** Absent where the result has no gradient. */
  readonly cotangent?: readonly number[];
  /** One per float input. */
  readonly gradients?: readonly (readonly number[])[];
}

/** The computations of golden/operations.py in the tensor language, under the same names. */
export const computations: Readonly<Record<string, (...inputs: [Tensor, Tensor, Tensor, Tensor]) => Tensor>> = {
  'add broadcast': t.add,
  'sub broadcast': t.sub,
  'mul broadcast': t.mul,
  'div broadcast': t.div,
  'scalar operands': (x) => t.sub(2, t.div(t.add(t.mul(3, x), 1), 4)),
  'pow tensors': t.pow,
  'pow whole exponent': (a) => t.pow(a, 3),
  'pow two': (a) => t.pow(a, 2),
  'pow zero': (a) => t.pow(a, 0),
  'pow half': (a) => t.pow(a, 0.5),
  'pow of zero': t.pow,
  maximum: t.maximum,
  minimum: t.minimum,
  'maximum ties': t.maximum,
  'int arithmetic': (a, b) => t.sub(t.add(t.mul(a, b), a), b),
  'int division': t.div,
  mod: t.mod,
  'int extrema': (a, b) => t.sub(t.maximum(a, b), t.minimum(a, b)),
  comparisons: (a, b) =>
    t.stack([t.equal, t.notEqual, t.less, t.lessEqual, t.greater, t.greaterEqual].map((compare) => compare(a, b))),
  logic: (a, b) => t.or(t.and(a, t.not(b)), t.and(b, t.not(a))),
  'where broadcast': t.where,
  'where int': (c, a) => t.where(c, a, 7),
  isNaN: (x) => t.isNaN(t.sqrt(x)),
  neg: t.neg,
  abs: t.abs,
  sign: t.sign,
  exp: t.exp,
  log: t.log,
  sqrt: t.sqrt,
  rsqrt: t.rsqrt,
  reciprocal: t.reciprocal,
  square: t.square,
  tanh: t.tanh,
  sigmoid: t.sigmoid,
  erf: t.erf,
  sin: t.sin,
  cos: t.cos,
  floor: t.floor,
  ceil: t.ceil,
  round: t.round,
  clip: (x) => t.clip(x, -0.5, 1),
  softplus: t.softplus,
  logSigmoid: t.logSigmoid,
  relu: t.relu,
  relu6: t.relu6,
  leakyRelu: (x) => t.leakyRelu(x, 0.2),
  elu: (x) => t.elu(x, 1.5),
  squaredRelu: t.squaredRelu,
  silu: t.silu,
  'gelu tanh': (x) => t.gelu(x),
  'gelu erf': (x) => t.gelu(x, 'erf'),
  'cast int to float': (i, x) => t.mul(t.cast(i, 'float32'), x),
  'cast float to int': (x) => t.cast(x, 'int32'),
  'cast bool': (x) => t.cast(x, 'bool'),
  'float16 storage': (x) => t.cast(t.cast(x, 'float16'), 'float32'),
  'bfloat16 storage': (x) => t.cast(t.cast(x, 'bfloat16'), 'float32'),
  stopGradient: (x) => t.mul(x, t.stopGradient(x)),

  reshape: (x) => t.mul(t.reshape(x, [3, -1]), t.cast(t.add(t.iota([8]), 1), 'float32')),
  transpose: (x) => t.square(t.transpose(x, [2, 0, 1])),
  'transpose last two': (x) => t.square(t.transpose(x)),
  broadcastTo: (x) => t.mul(t.broadcastTo(x, [4, 2, 3]), 2),
  slice: (x) => t.mul(t.slice(x, [[1, 3], null, [1, -1]]), 3),
  'slice strided': (x) =>
    t.mul(
      t.slice(x, [
        [1, 7, 3],
        [0, 5, 2],
      ]),
      3,
    ),
  reverse: (x) => t.square(t.reverse(x, [0, -1])),
  pad: (x) =>
    t.square(
      t.pad(
        x,
        [
          [0, 2],
          [1, 0],
        ],
        1.5,
      ),
    ),
  concat: (a, b, c) => t.square(t.concat([a, b, c, a], 1)),
  stack: (a, b) => t.square(t.stack([a, b, a], 1)),
  split: (x) => {
    const [a, b, c] = t.split(x, [2, 1, 2], 1) as [Tensor, Tensor, Tensor];
    return t.add(t.mul(a, c), t.sum(b));
  },
  'expandDims squeeze': (x) => t.mul(t.expandDims(t.squeeze(x, 1), -1), t.expandDims(t.squeeze(x, 1), 0)),
  sumTo: (x) => t.square(t.reshape(t.sumTo(t.transpose(x, [0, 2, 1]), [3]), [3, 1])),

  'gather rows': (x, i) => t.gather(x, i),
  'gather axis': (x, i) => t.gather(x, i, 1),
  'gather matrix axis': (x, i) => t.gather(x, i, -1),
  scatterAdd: t.scatterAdd,
  takeAlongAxis: (x, i) => t.takeAlongAxis(x, i, 1),
  scatterAddAlongAxis: (b, i, u) => t.scatterAddAlongAxis(b, i, u),
  cumsum: (x) => t.cumsum(x, { axis: 1 }),
  'cumsum exclusive': (x) => t.cumsum(x, { exclusive: true }),
  'cumsum reverse': (x) => t.cumsum(x, { reverse: true }),
  'cumsum int': (x) => t.cumsum(x),
  topK: (x) => t.topK(x, 3, 1).values,
  'topK indices': (x) => t.topK(x, 2).indices,
  oneHot: (i) => t.oneHot(i, 5),

  sum: (x) => t.square(t.sum(x, { axes: [0, 2] })),
  'sum all': (x) => t.square(t.sum(x)),
  'sum int': (x) => t.sum(x, { axes: 1 }),
  mean: (x) => t.square(t.mean(x, { axes: 1, keepDims: true })),
  max: (x) => t.max(x, { axes: [0, 2] }),
  'max ties': (x) => t.max(x, { axes: 1 }),
  min: (x) => t.min(x, { axes: 1, keepDims: true }),
  'max int': (x) => t.max(x, { axes: 1 }),
  logSumExp: (x) => t.logSumExp(x, { axes: [0, 2] }),
  'logSumExp axis': (x) => t.logSumExp(x, { axes: 1 }),
  argMax: (x) => t.argMax(x, { axis: 1 }),
  'argMax keepDims': (x) => t.argMax(x, { keepDims: true }),
  variance: (x) => t.variance(x, { axes: [0, 1] }),
  'variance unbiased': (x) => t.variance(x, { axes: 1, correction: 1, keepDims: true }),
  standardDeviation: (x) => t.standardDeviation(x, { axes: 1 }),

  matmul: (a, b) => t.matmul(a, b),
  'matmul batched': (a, b) => t.matmul(a, b),
  'matmul broadcast': (a, b) => t.matmul(a, b),
  'matmul rows by matrix': (a, b) => t.matmul(a, b),
  'matmul matrix by stack': (a, b) => t.matmul(a, b),
  'matmul transposeA': (a, b) => t.matmul(a, b, { transposeA: true, alpha: 0.5 }),
  'matmul transposeB': (a, b) => t.matmul(a, b, { transposeB: true, alpha: 0.5 }),
  'matmul transpose both': (a, b) => t.matmul(a, b, { transposeA: true, transposeB: true, alpha: -2 }),
  'matmul transposeA by matrix': (a, b) => t.matmul(a, b, { transposeA: true }),
  'conv 1d': (x, w) => t.conv(x, w),
  'conv 1d options': (x, w) => t.conv(x, w, { stride: 2, padding: 2, dilation: 2, groups: 2 }),
  'conv 1d causal': (x, w) => t.conv(x, w, { padding: [[2, 0]] }),
  conv: (x, w) => t.conv(x, w),
  'conv same': (x, w) => t.conv(x, w, { padding: 'same' }),
  'conv stride padding': (x, w) => t.conv(x, w, { stride: [2, 3], padding: [1, 2] }),
  'conv leftover': (x, w) => t.conv(x, w, { stride: 3 }),
  'conv dilation groups': (x, w) => t.conv(x, w, { dilation: [2, 1], padding: 1, groups: 2 }),
  'conv depthwise': (x, w) => t.conv(x, w, { padding: 1, groups: 3 }),
  'conv uneven padding': (x, w) =>
    t.conv(x, w, {
      padding: [
        [0, 1],
        [2, 1],
      ],
      stride: 2,
    }),
  'conv 1x1': (x, w) => t.conv(x, w),
  'convTranspose 1d': (x, w) => t.convTranspose(x, w, { stride: 2, padding: 1, outputPadding: 1 }),
  convTranspose: (x, w) => t.convTranspose(x, w, { stride: 2, padding: 1 }),
  'convTranspose options': (x, w) =>
    t.convTranspose(x, w, { stride: [2, 3], padding: [0, 1], outputPadding: [1, 2], groups: 2, dilation: [1, 2] }),
  maxPool: (x) => t.maxPool(x, 2),
  'maxPool overlapping': (x) => t.maxPool(x, 3, { stride: 2, padding: 1 }),
  'maxPool leftover': (x) => t.maxPool(x, [2, 3], { stride: 2 }),
  'maxPool ties': (x) => t.maxPool(x, 2, { stride: 1 }),
  'maxPool 1d': (x) => t.maxPool(x, 3, { stride: 2 }),
  avgPool: (x) => t.avgPool(x, 2),
  'avgPool overlapping': (x) => t.avgPool(x, 3, { stride: 2, padding: 1 }),
  'avgPool leftover': (x) => t.avgPool(x, [2, 3]),
  'avgPool 1d': (x) => t.avgPool(x, 3, { stride: 1 }),
  'resize nearest': (x) => t.resize(x, [4, 9]),
  'resize nearest any': (x) => t.resize(x, [5, 2]),
  'resize bilinear up': (x) => t.resize(x, [5, 8], 'bilinear'),
  'resize bilinear down': (x) => t.resize(x, [2, 3], 'bilinear'),

  softmax: (x) => t.softmax(x),
  'softmax axis': (x) => t.softmax(x, 1),
  logSoftmax: (x) => t.logSoftmax(x),
  layerNorm: (x, scale, bias) => t.layerNorm(x, scale, bias),
  'layerNorm plain': (x) => t.layerNorm(x, undefined, undefined, 1e-3),
  rmsNorm: (x, scale) => t.rmsNorm(x, scale),
  groupNorm: (x, scale, bias) => t.groupNorm(x, 2, scale, bias),
  'groupNorm instance': (x) => t.groupNorm(x, 3),
  normalise: (x) => t.normalise(x, 1),
  attention: (q, k, v) => t.attention(q, k, v),
  'attention masked': (q, k, v, mask) => t.attention(q, k, v, { mask }),
  'attention causal': (q, k, v) => t.attention(q, k, v, { mask: t.causalMask(3, 5) }),
  'attention windowed': (q, k, v) => t.attention(q, k, v, { mask: t.causalMask(3, 5, 2), scale: 0.3 }),
  'attention grouped': (q, k, v) => t.attention(q, k, v, { mask: t.causalMask(3) }),
  'attention with dropout': (q, k, v, m) => t.attention(q, k, v, { weightTransform: (weights) => t.mul(weights, m) }),
  'splitHeads joinHeads': (x) => t.square(t.joinHeads(t.splitHeads(x, 2))),
  rotaryEmbedding: (x, positions) => t.rotaryEmbedding(x, positions, { base: 100, context: 16 }),
  'rotaryEmbedding per row': (x, positions) => t.rotaryEmbedding(x, positions, { base: 100, context: 16 }),
  crossEntropy: t.crossEntropy,
  logProbOf: t.logProbOf,
  maskedMean: t.maskedMean,
  binaryCrossEntropy: t.binaryCrossEntropy,
  meanSquaredError: t.meanSquaredError,

  ...Object.fromEntries(
    ['bqd,bkd->bqk', 'bhqk,bkhd->bqhd', 'i,j->ji', 'ab,bc->c', 'abc,abc->', 'abc->ca', 'ab,ab->ab'].map((equation) => [
      `einsum ${equation}`,
      (a: Tensor, b: Tensor | undefined) => (b === undefined ? t.einsum(equation, a) : t.einsum(equation, a, b)),
    ]),
  ),
};

type Cases = Readonly<Record<string, GoldenCase>>;
export const goldenCases = JSON.parse(
  readFileSync(new URL('golden/operations.json', import.meta.url), 'utf8'),
) as Cases;

/** What a case computes, to be traced: arguments {inputs, cotangent?}, results {value, gradients?}. */
export function goldenProgram(name: string) {
  const { inputs, output, cotangent } = goldenCases[name]!;
  const specs = {
    inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
    ...(cotangent && { cotangent: { shape: output.shape, dtype: 'float32' as const } }),
  };
  const fn = (args: t.Traced<typeof specs>) => {
    const value = computations[name]!(...(args.inputs as unknown as [Tensor, Tensor, Tensor, Tensor]));
    if (args.cotangent === undefined) return { value };
    const sources = args.inputs.filter((tensor) => tensor.dtype === 'float32');
    return { value, gradients: t.vectorJacobianProduct([{ tensor: value, cotangent: args.cotangent }], sources) };
  };
  return { fn, specs };
}

/** The host values of a case's graph. */
export function goldenInputs(name: string): Record<string, readonly number[]> {
  const { inputs, cotangent } = goldenCases[name]!;
  return {
    ...Object.fromEntries(inputs.map(({ data }, index) => [`inputs.${index}`, data])),
    ...(cotangent && { cotangent }),
  };
}

/** The greatest difference between two lists, relative to the greatest expected magnitude (at least 1). */
export function difference(actual: ArrayLike<number>, expected: readonly (number | string)[]): number {
  if (actual.length !== expected.length) return Infinity;
  const wanted = expected.map(Number);
  const size = Math.max(1, ...wanted.filter(Number.isFinite).map(Math.abs));
  return wanted.reduce((worst, value, index) => {
    const same = Object.is(actual[index], value) || actual[index] === value;
    return same ? worst : Math.max(worst, Math.abs(actual[index]! - value) / size || Infinity);
  }, 0);
}
