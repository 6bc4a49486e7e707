import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { type Tensor, trace } from '../../tensor/index.js';
import { actNorm } from './act-norm.js';
import { inverseAutoregressive, maskedAutoregressive } from './autoregressive.js';
import { convolutionalConditioner, denseConditioner } from './conditioners.js';
import { coupling, injection, maskedCoupling } from './coupling.js';
import { affine } from './elementwise.js';
import { decompose, invertibleLinear } from './linear.js';
import { binEnds, histogramPixels, logitPixels, uniformDequantisation } from './pixels.js';
import { channelMask, checkerboard, flatten, permutation, reversal, split, squeezeSpace } from './shapes.js';
import { rationalQuadraticSpline } from './spline.js';
import { sequence } from './transform.js';
import { type TransformCase, expectInvertibleOnEngine, expectTransform } from './transform.test-helper.js';

const convolutions = convolutionalConditioner({ width: 5 });
const dense = denseConditioner({ width: 7 });
const spline = rationalQuadraticSpline({ bins: 5 });
const pixel = (normal: number): number => 128 + 60 * Math.tanh(normal);

const cases: Record<string, TransformCase> = {
  'ActNorm of channels': { transform: actNorm(3), shape: [3, 2, 2] },
  'ActNorm of rows': { transform: actNorm(4), shape: [4] },
  'invertible 1x1 convolution': { transform: invertibleLinear(5, 1), shape: [5, 2, 1] },
  'invertible linear map of rows': { transform: invertibleLinear(6, 2), shape: [6] },
  'affine coupling': { transform: coupling(3, { network: convolutions }), shape: [3, 2, 3] },
  'spline coupling': { transform: coupling(4, { network: convolutions, elementwise: spline }), shape: [4, 2, 2] },
  'affine coupling of rows': { transform: coupling(5, { network: dense }), shape: [5] },
  'spline coupling of rows': { transform: coupling(4, { network: dense, elementwise: spline }), shape: [4] },
  'conditional coupling': {
    transform: coupling(2, { network: convolutionalConditioner({ width: 4, depth: 1, vector: 3, features: 2 }) }),
    shape: [2, 2, 2],
    vector: 3,
    features: [2, 2, 2],
  },
  'coupling under a checkerboard': {
    transform: maskedCoupling(1, () => checkerboard(3, 4), { network: convolutions }),
    shape: [1, 3, 4],
  },
  'coupling under a mask of channels': {
    transform: maskedCoupling(4, () => channelMask(4, 1), { network: convolutions, elementwise: affine(1) }),
    shape: [4, 2, 2],
  },
  'coupling under a checkerboard of odd width': {
    transform: maskedCoupling(1, () => checkerboard(2, 3), { network: convolutions }),
    shape: [1, 2, 3],
  },
  injection: {
    transform: injection(2, { network: convolutionalConditioner({ width: 4, features: 3 }) }),
    shape: [2, 2, 2],
    features: [3, 2, 2],
  },
  squeeze: { transform: squeezeSpace(2), shape: [2, 4, 2] },
  flatten: { transform: flatten([2, 3, 1]), shape: [2, 3, 1] },
  reversal: { transform: reversal(), shape: [3, 2, 1] },
  permutation: { transform: permutation(5, 3), shape: [5, 1, 2] },
  'split in scales': {
    transform: split([4, 2, 2], {
      network: convolutions,
      rest: sequence([squeezeSpace(2), actNorm(8), invertibleLinear(8, 4), flatten([8, 1, 1])]),
    }),
    shape: [4, 2, 2],
  },
  'a whole flow': {
    transform: sequence([
      squeezeSpace(2),
      ...[0, 1].flatMap((step) => [actNorm(4), invertibleLinear(4, step), coupling(4, { network: convolutions })]),
      flatten([4, 1, 2]),
    ]),
    shape: [1, 2, 4],
  },
  'masked autoregressive': {
    transform: maskedAutoregressive({ size: 5, width: 9, depth: 2, seed: 1 }),
    shape: [5],
  },
  'masked autoregressive with splines': {
    transform: maskedAutoregressive({ size: 4, width: 9, depth: 1, seed: 1, elementwise: spline }),
    shape: [4],
  },
  'inverse autoregressive': {
    transform: inverseAutoregressive({ size: 5, width: 9, depth: 1, vector: 3, seed: 2 }),
    shape: [5],
    vector: 3,
  },
  'logit of pixels': { transform: logitPixels(256), shape: [1, 2, 2], argument: pixel },
  'histogram of pixels': { transform: histogramPixels([1, 2, 3], 256), shape: [1, 2, 3], argument: pixel },
  'histograms of each pixel': {
    transform: histogramPixels([2, 2, 2], 256, { each: true }),
    shape: [2, 2, 2],
    argument: pixel,
  },
  'histogram of binary pixels': {
    transform: histogramPixels([2, 2, 1], 2),
    shape: [2, 2, 1],
    argument: (normal) => 1 + 0.9 * Math.tanh(normal),
  },
};

describe('every transform', () => {
  it.each(Object.entries(cases))('%s: its inverse undoes it and its log-determinant is the Jacobian’s', (_, test) => {
    for (const seed of [1, 2]) expectTransform({ ...test, seed });
  });
});

describe('on the engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create({ threads: 1 });
  });
  afterAll(() => engine.dispose());

  const float32 = ['affine coupling', 'spline coupling', 'split in scales', 'a whole flow', 'histogram of pixels'];
  it.each(float32)('%s inverts in float32', async (name) => {
    await expectInvertibleOnEngine(engine, cases[name]!);
  });
});

describe('LU decomposition', () => {
  it('P L U is the matrix', () => {
    const matrix = [
      [0, 2, 1],
      [3, -1, 4],
      [1, 5, 9],
    ];
    const { permutation: p, lower: l, upper: u } = decompose(matrix);
    const product = (a: number[][], b: number[][]): number[][] =>
      a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)));
    const again = product(p, product(l, u));
    matrix.forEach((row, i) => row.forEach((value, j) => expect(again[i]![j]).toBeCloseTo(value, 12)));
  });
});

describe('checkerboard', () => {
  it.each([
    [2, 3],
    [3, 4],
    [5, 5],
  ])('of %i x %i has neighbours of the other colour, and begins as told', (height, width) => {
    for (const offset of [0, 1] as const) {
      const { board } = evaluate(
        trace(() => ({ board: checkerboard(height, width, offset) }), {}),
        {},
      );
      const expected = Array.from(
        { length: height * width },
        (_, at) => (Math.floor(at / width) + (at % width) + offset + 1) % 2,
      );
      expect(Array.from(board!)).toEqual(expected);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const here = board![row * width + column];
          if (column > 0) expect(board![row * width + column - 1]).not.toBe(here);
          if (row > 0) expect(board![(row - 1) * width + column]).not.toBe(here);
        }
      }
    }
  });
});

describe('the gate of an inverse autoregressive transform', () => {
  it('has a finite slope when it is all but closed', () => {
    const transform = inverseAutoregressive({ size: 2, width: 3, depth: 1, seed: 1 });
    const { logDeterminant } = evaluate(
      trace(({ p, x }: { p: never; x: Tensor }) => transform.forward(p, x, {}), {
        p: transform.parameters,
        x: { shape: [1, 2], dtype: 'float32' as const },
      } as never),
      {
        x: [0.3, -0.1],
        'p.hidden.0.weight': new Array<number>(6).fill(0),
        'p.hidden.0.bias': [0, 0, 0],
        'p.out.weight': new Array<number>(12).fill(0),
        'p.out.bias': [-802, -802, 0, 0],
      },
    );
    expect(logDeterminant![0]).toBeCloseTo(-1600, 3);
  });
});

describe('pixels', () => {
  it('bins cover every level once, one level wide at both ends', () => {
    for (const levels of [2, 8, 32, 256]) {
      const ends = binEnds(levels);
      expect(ends[0]).toBe(0);
      expect(ends[1]).toBe(1);
      expect(ends.at(-1)).toBe(levels);
      expect(ends.at(-2)).toBe(levels - 1);
      expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
    }
  });

  it('dequantisation is a bound, and so is what it is part of', () => {
    const noisy = uniformDequantisation(256);
    expect(noisy.kind).toBe('bound');
    expect(sequence([noisy, logitPixels(256)]).kind).toBe('bound');
    expect(sequence([logitPixels(256)]).kind).toBe('exact');
  });
});
