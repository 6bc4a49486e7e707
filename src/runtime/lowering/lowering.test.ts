import { afterAll, beforeAll, describe, it } from 'vitest';
import { apply, type Rule, type Tensor } from '../../tensor/graph.js';
import * as t from '../../tensor/index.js';
import type { PrimitiveName, Primitives, TensorSpec } from '../../tensor/primitives.js';
import { Engine } from '../engine.js';
import { type InputSpec, expectAgreement } from './against-reference.test-helper.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

type Inputs = Record<string, InputSpec>;
type Case = [
  name: string,
  inputs: Inputs,
  fn: (x: Record<string, Tensor>) => Tensor | readonly Tensor[],
  tolerance?: number,
];

const check = (cases: readonly Case[]): void => {
  it.each(cases)('%s', (_name, inputs, fn, tolerance) => expectAgreement(engine, inputs, fn, tolerance));
};

/** A primitive with a shape of its own, where the public function does not reach every case. */
function primitive<Name extends PrimitiveName>(
  name: Name,
  inputs: readonly Tensor[],
  attributes: Primitives[Name],
  ...specs: TensorSpec[]
): Tensor[] {
  const rule: Rule<Name> = { name, shape: () => specs };
  return apply(rule, inputs, attributes);
}

const x23: Inputs = { x: { shape: [2, 3] } };
const ab = (a: number[], b: number[], more: Partial<InputSpec> = {}): Inputs => ({
  a: { shape: a, ...more },
  b: { shape: b, ...more },
});

describe('elementwise', () => {
  const wide: Inputs = { x: { shape: [5, 9], scale: 3 } };
  const unary = { neg: t.neg, abs: t.abs, sign: t.sign, exp: t.exp, tanh: t.tanh, sigmoid: t.sigmoid, erf: t.erf,
    sin: t.sin, cos: t.cos, floor: t.floor, ceil: t.ceil, round: t.round, relu: t.relu, silu: t.silu,
    softplus: t.softplus, reciprocal: t.reciprocal }; // prettier-ignore
  check(Object.entries(unary).map(([name, fn]): Case => [name, wide, ({ x }) => fn(x!)]));
  check([
    ['log', { x: { shape: [7], scale: 0.1, offset: 2 } }, ({ x }) => t.log(x!)],
    ['sqrt', { x: { shape: [7], scale: 0.1, offset: 2 } }, ({ x }) => t.sqrt(x!)],
    ['gelu, tanh form', wide, ({ x }) => primitive('geluTanh', [x!], {}, t.float32(5, 9))],
    ['gelu, exact form', wide, ({ x }) => primitive('geluErf', [x!], {}, t.float32(5, 9))],
    ['softplus of large numbers', { x: { shape: [9], scale: 100 } }, ({ x }) => t.softplus(x!)],
    ['not', { x: { shape: [9], bool: true } }, ({ x }) => t.not(x!)],
    ['isNaN', { x: { shape: [9] } }, ({ x }) => t.isNaN(t.sqrt(x!))],
    ['cast float to int32', wide, ({ x }) => t.cast(x!, 'int32')],
    ['cast int32 to float', { x: { shape: [9], below: 100 } }, ({ x }) => t.cast(x!, 'float32')],
    ['cast bool to float', { x: { shape: [9], bool: true } }, ({ x }) => t.cast(x!, 'float32')],
    ['cast float to bool', { x: { shape: [9] } }, ({ x }) => t.cast(t.relu(x!), 'bool')],
    ['cast through float16', wide, ({ x }) => t.cast(t.cast(x!, 'float16'), 'float32')],
    ['cast through bfloat16', wide, ({ x }) => t.cast(t.cast(x!, 'bfloat16'), 'float32')],
    ['clip', wide, ({ x }) => t.clip(x!, -1, 2)],
  ]);
  const binary = { add: t.add, sub: t.sub, mul: t.mul, div: t.div, maximum: t.maximum, minimum: t.minimum,
    equal: t.equal, less: t.less, lessEqual: t.lessEqual }; // prettier-ignore
  for (const [name, fn] of Object.entries(binary)) {
    check([
      [`${name}, floats`, ab([4, 1, 3], [2, 3], { offset: 0.1 }), ({ a, b }) => fn(a!, b!)],
      [
        `${name}, int32`,
        { a: { shape: [4, 3], below: 5 }, b: { shape: [3], below: 5 } },
        ({ a, b }) => fn(a!, t.add(b!, 1)),
      ],
      [`${name} with a number`, x23, ({ x }) => fn(x!, 0.5)],
      [
        `${name} of repeated values`,
        ab([3, 1], [1, 2]),
        ({ a, b }) => fn(t.broadcastTo(a!, [3, 2]), t.broadcastTo(b!, [3, 2])),
      ],
      [`${name} of constants`, {}, () => fn(t.full([2, 2], 3), t.full([2, 2], 4))],
    ]);
  }
  check([
    ['pow', ab([5], [5], { offset: 3, scale: 0.3 }), ({ a, b }) => t.pow(a!, b!)],
    ...[2, 3, 0.5, -1].map((power): Case => [
      `pow ${power}`,
      { x: { shape: [5], offset: 3, scale: 0.3 } },
      ({ x }) => t.pow(x!, power),
    ]),
    [
      'mod, negative',
      { a: { shape: [20], below: 9 }, b: { shape: [20], below: 4 } },
      ({ a, b }) => t.mod(t.sub(a!, 4), t.add(b!, 1)),
    ],
    [
      'and, or',
      { a: { shape: [9], bool: true }, b: { shape: [9], bool: true } },
      ({ a, b }) => [t.and(a!, b!), t.or(a!, b!), t.equal(a!, b!)],
    ],
    [
      'where',
      { c: { shape: [4, 1], bool: true }, ...ab([3], [4, 3]) },
      ({ c, a, b }) => [t.where(c!, a!, b!), t.where(c!, a!, 0), t.where(c!, 1, 2)],
    ],
    ['where, int32', { c: { shape: [4], bool: true }, a: { shape: [4], below: 9 } }, ({ c, a }) => t.where(c!, a!, 0)],
    [
      'where, bool',
      { c: { shape: [4], bool: true }, a: { shape: [4], bool: true } },
      ({ c, a }) => t.where(c!, a!, t.not(a!)),
    ],
    ['an input as the result, twice', x23, ({ x }) => [x!, x!, t.stopGradient(x!)]],
    [
      'constants as the result',
      {},
      () => [t.full([2, 3], 1.5), t.zeros([0, 3]), t.scalar(4, 'int32'), t.full([2], 1, 'bool')],
    ],
  ]);
});

describe('shape', () => {
  const x: Inputs = { x: { shape: [3, 4, 5] } };
  check([
    ['reshape', x, ({ x }) => [t.reshape(x!, [12, 5]), t.reshape(t.sum(x!), [])]],
    ['transpose', x, ({ x }) => [t.transpose(x!, [2, 0, 1]), t.transpose(x!)]],
    ['broadcast', { x: { shape: [3, 1] } }, ({ x }) => t.broadcastTo(x!, [2, 3, 4])],
    ['slice with strides', x, ({ x }) => t.slice(x!, [[1, 3], null, [0, 5]])],
    ['slice, stride 2', x, ({ x }) => t.sliceAxis(x!, { axis: 2, start: 1, stride: 2 })],
    ['slice of bool', { x: { shape: [5], bool: true } }, ({ x }) => t.sliceAxis(x!, { axis: 0, start: 1, limit: 3 })],
    ['reverse', x, ({ x }) => [t.reverse(x!, [0, 2]), t.reverse(x!, 1)]],
    ['pad', x, ({ x }) => [t.pad(x!, [[1, 0], [0, 2], [0, 0]], -2), t.pad(t.cast(x!, 'int32'), [[0, 1], [0, 0], [2, 0]], 7)]],
    ['concat', ab([2, 3], [2, 4]), ({ a, b }) => t.concat([a!, b!, a!], 1)],
    ['iota', {}, () => [t.iota([3, 4], 1), t.iota([3, 4], 0, 'float32')]],
    ['constant', {}, () => [t.constant([1, 2, 3]), t.constant(Int32Array.of(4, 5), [2, 1]), t.constant(Uint8Array.of(1, 0))]],
  ]); // prettier-ignore
});

describe('indexing', () => {
  const at = (shape: number[], below: number): Inputs => ({ i: { shape, below } });
  check([
    ['gather rows', { x: { shape: [6, 4] }, ...at([2, 5], 6) }, ({ x, i }) => t.gather(x!, i!)],
    ['gather along an inner axis', { x: { shape: [3, 6, 2] }, ...at([2, 2], 6) }, ({ x, i }) => t.gather(x!, i!, 1)],
    ['scatterAdd with repeats', { x: { shape: [6, 4] }, u: { shape: [40, 4] }, ...at([40], 6) }, ({ x, i, u }) => t.scatterAdd(x!, i!, u!)],
    ['scatterAdd into zeros, added to something', { x: { shape: [6, 4] }, u: { shape: [4, 10, 4] }, ...at([4, 10], 6) },
      ({ x, i, u }) => t.add(t.mul(x!, 2), t.scatterAdd(t.zeros([6, 4]), i!, u!))],
    ['scatterAdd of scalars', { x: { shape: [6] }, u: { shape: [20] }, ...at([20], 6) }, ({ x, i, u }) => t.scatterAdd(x!, i!, u!)],
    ['takeAlongAxis', { x: { shape: [3, 6, 2] }, ...at([3, 4, 2], 6) }, ({ x, i }) => t.takeAlongAxis(x!, i!, 1)],
    ['scatterAddAlongAxis', { x: { shape: [3, 6, 2] }, u: { shape: [3, 9, 2] }, ...at([3, 9, 2], 6) }, ({ x, i, u }) => t.scatterAddAlongAxis(x!, i!, u!, 1)],
    ['topK', { x: { shape: [3, 8, 2] } }, ({ x }) => Object.values(t.topK(x!, 3, 1))],
    ['argMax', { x: { shape: [3, 8, 2] } }, ({ x }) => [t.argMax(x!, { axis: 1 }), t.argMax(x!, { axis: 2, keepDims: true }), t.argMax(t.zeros([3, 2]))]],
    ...[true, false].flatMap((exclusive) => [true, false].map((reverse): Case => [`cumsum, exclusive ${exclusive}, reverse ${reverse}`, { x: { shape: [3, 5] } }, ({ x }) => t.cumsum(x!, { axis: 1, exclusive, reverse })])),
  ]); // prettier-ignore
});

describe('reductions', () => {
  const reductions = { sum: t.sum, mean: t.mean, max: t.max, min: t.min, logSumExp: t.logSumExp };
  for (const [name, fn] of Object.entries(reductions)) {
    const x: Inputs = { x: { shape: [9, 10, 11], scale: 2 } };
    const axes = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]];
    check(axes.flatMap((list) => [true, false].map((keepDims): Case => [`${name} over ${list.join()}, keepDims ${keepDims}`, x, ({ x }) => fn(x!, { axes: list, keepDims }), 2e-4]))); // prettier-ignore
  }
  check([
    ['logSumExp of large numbers', { x: { shape: [4, 50], scale: 300 } }, ({ x }) => t.logSumExp(x!, { axes: 1 })],
    ['log softmax far apart', { x: { shape: [4, 50], scale: 300 } }, ({ x }) => t.logSoftmax(x!)],
    ['int32 sums and extrema', { x: { shape: [4, 5], below: 9 } }, ({ x }) => [t.sum(x!, { axes: 0 }), t.max(x!), t.min(x!, { axes: 1 })]],
  ]); // prettier-ignore
});

describe('products', () => {
  const flags = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
  const pair = (a: number[], b: number[], { transposeA, transposeB }: (typeof flags)[number]): Inputs =>
    ab(
      transposeA ? [...a.slice(0, -2), a.at(-1)!, a.at(-2)!] : a,
      transposeB ? [...b.slice(0, -2), b.at(-1)!, b.at(-2)!] : b,
    );
  for (const options of flags) {
    const name = `A${options.transposeA ? 'ᵀ' : ''} B${options.transposeB ? 'ᵀ' : ''}`;
    const product = ({ a, b }: Record<string, Tensor>): Tensor => t.matmul(a!, b!, { ...options, alpha: 0.5 });
    check([
      [`${name}, matrices`, pair([3, 4], [4, 5], options), product],
      [`${name}, batches`, pair([2, 3, 3, 4], [2, 3, 4, 5], options), product],
      [`${name}, shared right operand`, pair([2, 3, 4], [4, 5], options), product],
      [`${name}, shared left operand`, pair([3, 4], [2, 4, 5], options), product],
      [`${name}, broadcast batches`, pair([2, 1, 3, 4], [3, 4, 5], options), product],
      [
        `${name} of transposed operands`,
        ab([2, 4, 4], [2, 4, 4]),
        ({ a, b }) => t.matmul(t.transpose(a!), t.transpose(b!), options),
      ],
      [
        `${name} of transposed matrices`,
        ab([4, 4], [4, 4]),
        ({ a, b }) => t.matmul(t.transpose(a!), t.transpose(b!), options),
      ],
    ]);
  }
  const abc = (a: number[], b: number[], c: number[]): Inputs => ({ ...ab(a, b), c: { shape: c } });
  check([
    ...[[5], [1, 5], [1, 1, 5], [2, 3, 5], [3, 1], [1], [2, 1, 1]].map((shape): Case => [`plus [${shape.join()}]`, abc([2, 3, 4], [4, 5], shape), ({ a, b, c }) => t.add(c!, t.matmul(a!, b!))]),
    ['plus another product', abc([3, 4], [4, 5], [5, 5]), ({ a, b, c }) => t.add(t.matmul(a!, b!), t.matmul(t.matmul(a!, b!), c!))],
    ['plus itself', ab([3, 4], [4, 5]), ({ a, b }) => { const y = t.matmul(a!, b!); return t.add(y, y); }],
    ['plus a bias, and used elsewhere', abc([3, 4], [4, 5], [5]), ({ a, b, c }) => { const y = t.matmul(a!, b!); return [t.add(y, c!), t.exp(y)]; }],
    ['a bias that grows the result', abc([3, 4], [4, 5], [2, 3, 5]), ({ a, b, c }) => t.add(t.matmul(a!, b!), c!)],
  ]); // prettier-ignore
});

describe('normalisation', () => {
  const x: Inputs = { x: { shape: [3, 4, 6] }, s: { shape: [6] }, b: { shape: [6] } };
  check([
    ['softmax', x, ({ x }) => [t.softmax(x!), t.softmax(x!, 1), t.softmax(x!, 0)]],
    ['layerNorm', x, ({ x, s, b }) => t.layerNorm(x!, s, b)],
    ['layerNorm with its statistics', x, ({ x, s, b }) => primitive('layerNorm', [x!, s!, b!], { epsilon: 1e-5 }, t.float32(3, 4, 6), t.float32(3, 4, 1), t.float32(3, 4, 1))],
    ['rmsNorm', x, ({ x, s }) => t.rmsNorm(x!, s, 1e-6)],
  ]); // prettier-ignore
});

describe('convolution', () => {
  const settings: [string, t.ConvolutionOptions, number[], number[]][] = [
    ['plain', {}, [2, 3, 7, 6], [4, 3, 3, 3]],
    ['1x1', {}, [2, 3, 7, 6], [4, 3, 1, 1]],
    ['1x1, stride 2', { stride: 2 }, [2, 3, 7, 6], [4, 3, 1, 1]],
    ['same', { padding: 'same' }, [2, 3, 7, 6], [4, 3, 3, 3]],
    ['wide padding', { padding: 3 }, [2, 3, 7, 6], [4, 3, 3, 3]],
    ['stride 2', { stride: 2, padding: 1 }, [2, 3, 7, 6], [4, 3, 3, 3]],
    ['stride 2, even kernel', { stride: 2, padding: 1 }, [2, 3, 8, 8], [4, 3, 4, 4]],
    ['unequal strides and padding', { stride: [2, 1], padding: [[0, 1], [2, 1]] }, [2, 3, 7, 6], [4, 3, 3, 2]],
    ['dilation', { dilation: 2, padding: 2 }, [2, 3, 9, 8], [4, 3, 3, 3]],
    ['dilation and stride', { dilation: 2, stride: 3, padding: 1 }, [2, 3, 12, 11], [4, 3, 3, 3]],
    ['groups', { groups: 2, padding: 1 }, [2, 4, 7, 6], [6, 2, 3, 3]],
    ['depthwise, stride 2', { groups: 4, padding: 1, stride: 2 }, [2, 4, 7, 6], [4, 1, 3, 3]],
    ['many channels', { padding: 1 }, [2, 20, 5, 5], [18, 20, 3, 3]],
    ['many channels, 1x1', {}, [2, 20, 5, 5], [18, 20, 1, 1]],
    ['many channels of few pixels, 1x1', {}, [2, 20, 2, 1], [18, 20, 1, 1]],
    ['many channels to few', { padding: 'same' }, [2, 20, 6, 5], [4, 20, 3, 3]],
    ['many channels to few, wide padding', { padding: 3 }, [2, 20, 6, 5], [4, 20, 3, 3]],
    ['many channels to few, stride 2', { stride: 2, padding: 1 }, [2, 20, 6, 5], [4, 20, 3, 3]],
    ['many channels to few, rows above, dilated', { padding: [[2, 0], [2, 2]], dilation: 2 }, [2, 20, 6, 7], [4, 20, 2, 3]],
    ['few channels to many, uneven padding', { padding: [[0, 1], [2, 1]] }, [2, 3, 6, 5], [18, 3, 3, 2]],
    ['one axis', { padding: [[4, 0]], dilation: 2 }, [2, 3, 9], [4, 3, 3]],
    ['one axis, stride', { stride: 2 }, [2, 3, 9], [4, 3, 2]],
  ]; // prettier-ignore
  check(
    settings.flatMap(([name, options, image, kernel]): Case[] => [
      [`${name}, with its gradients`, { x: { shape: image }, w: { shape: kernel, scale: 0.2 } }, ({ x, w }) => {
        const y = t.conv(x!, w!, options);
        return [y, ...t.gradients(t.sum(t.mul(y, t.sin(y))), [x!, w!])];
      }, 1e-4],
      [`${name}, plus a bias`, { x: { shape: image }, w: { shape: kernel }, b: { shape: [kernel[0]!, ...image.slice(2).map(() => 1)] } }, ({ x, w, b }) => t.add(t.conv(x!, w!, options), b!)],
      [`${name}, transposed`, { x: { shape: [2, kernel[0]!, ...image.slice(2)] }, w: { shape: kernel } }, ({ x, w }) => t.convTranspose(x!, w!, options), 1e-4],
    ]), // prettier-ignore
  );
  const x: Inputs = { x: { shape: [2, 3, 8, 9] } };
  check([
    ['maxPool', x, ({ x }) => [t.maxPool(x!, 2), t.maxPool(x!, 3, { stride: 2, padding: 1 })]],
    ['avgPool', x, ({ x }) => [t.avgPool(x!, 2), t.avgPool(x!, 3, { stride: 2, padding: 1 })]],
    ['pools along one axis', { x: { shape: [2, 3, 8] } }, ({ x }) => [t.maxPool(x!, 2), t.avgPool(x!, 4)]],
    ['nearest resize', x, ({ x }) => t.resize(x!, [16, 27])],
    ['nearest resize along one axis', { x: { shape: [2, 3, 8] } }, ({ x }) => t.resize(x!, [24])],
    ['pool gradients', x, ({ x }) => t.gradients(t.sum(t.mul(t.maxPool(x!, 2), t.avgPool(x!, 2))), [x!])],
  ]);
});
