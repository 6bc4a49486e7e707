import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.test-helper.js';
import { sizeOf } from './define.js';
import * as t from './index.js';
import type { Tensor, TensorSpec } from './index.js';
import { counterRandom, shuffle, uniform } from './random.js';
import { simplify } from './simplify.js';

type Inputs = [Tensor, Tensor, Tensor, Tensor];

/** Random values in [low, high), of which no two lie close together: an extremum keeps its place under a small step. */
function values(specs: readonly TensorSpec[], seed: number, [low, high]: readonly [number, number]) {
  const random = counterRandom(seed, 'gradients', 0);
  const count = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const cells = shuffle(random, [...Array(count).keys()]);
  const next = (): number => low + ((high - low) * (cells.pop()! + uniform(random, 0.3, 0.7))) / count;
  return Object.fromEntries(
    specs.map(({ shape }, index) => [`inputs.${index}`, Float64Array.from({ length: sizeOf(shape) }, next)]),
  );
}

/**
 * Holds every partial derivative against central differences in float64, and the gradient's own gradient likewise:
 * Σ g ⊙ f(x) is differentiated, then Σ of the squares of that.
 */
function checkGradients(
  fn: (...inputs: Inputs) => Tensor,
  specs: readonly TensorSpec[],
  seed: number,
  { range = [-1.5, 1.5], second = true }: { range?: readonly [number, number]; second?: boolean } = {},
): void {
  const weighted = (y: Tensor): Tensor =>
    t.sum(
      t.mul(
        y,
        t.constant(
          Float32Array.from({ length: y.size }, (_, i) => 0.5 + ((i * 7) % 5) / 4),
          y.shape,
        ),
      ),
    );
  const first = (inputs: readonly Tensor[]): Tensor => weighted(fn(...(inputs as Inputs)));
  const slopes = (inputs: readonly Tensor[]): Tensor =>
    t
      .gradients(first(inputs), inputs)
      .map((g) => t.sum(t.square(g)))
      .reduce((a, b) => t.add(a, b));
  for (const loss of second ? [first, slopes] : [first]) {
    const graph = simplify(
      t.trace(({ inputs }) => ({ loss: loss(inputs), gradients: t.gradients(loss(inputs), inputs) }), {
        inputs: specs,
      }),
    );
    const alone = { inputs: graph.inputs, outputs: graph.outputs.filter(({ path }) => path === 'loss') };
    const at = values(specs, seed, range);
    const result = evaluate(graph, at);
    specs.forEach((_, index) => {
      const x = at[`inputs.${index}`]!;
      x.forEach((value, position) => {
        const step = 1e-5;
        const moved = (to: number): number => {
          x[position] = to;
          const [found] = evaluate(alone, at)['loss']!;
          x[position] = value;
          return found!;
        };
        const slope = (moved(value + step) - moved(value - step)) / (2 * step);
        const error = Math.abs(result[`gradients.${index}`]![position]! - slope);
        expect(error / Math.max(1, Math.abs(slope)), `d/d input ${index}[${position}]: ${slope}`).toBeLessThan(2e-6);
      });
    });
  }
}

const seeds = fc.nat(1_000_000);
const lengths = fc.integer({ min: 1, max: 3 });
const shapes = fc.array(lengths, { minLength: 1, maxLength: 3 });
const run = { numRuns: 8 };

/** Two shapes that broadcast: some axes of the second are 1 or missing. */
const broadcasting = fc
  .tuple(shapes, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.nat(2))
  .map(([shape, ones, drop]) => [
    shape,
    shape.map((length, axis) => (ones[axis] ? 1 : length)).slice(Math.min(drop, shape.length - 1)),
  ]);

describe('gradients, and gradients of gradients, are finite differences', () => {
  const unary: [string, (x: Tensor) => Tensor, (readonly [number, number])?][] = [
    ['exp', t.exp],
    ['log', t.log, [0.5, 2]],
    ['sqrt', t.sqrt, [0.5, 2]],
    ['rsqrt', t.rsqrt, [0.5, 2]],
    ['reciprocal', t.reciprocal, [0.5, 2]],
    ['tanh', t.tanh],
    ['sigmoid', t.sigmoid],
    ['erf', t.erf],
    ['sin', t.sin],
    ['cos', t.cos],
    ['softplus', t.softplus],
    ['logSigmoid', t.logSigmoid],
    ['silu', t.silu],
    ['gelu', (x) => t.gelu(x)],
    ['gelu erf', (x) => t.gelu(x, 'erf')],
    ['elu', (x) => t.elu(x), [0.1, 2]],
    ['squaredRelu', t.squaredRelu, [-2, -0.1]],
    ['leakyRelu', (x) => t.leakyRelu(x), [-2, -0.1]],
    ['pow 3', (x) => t.pow(x, 3)],
    ['abs', t.abs, [0.1, 2]],
    ['clip', (x) => t.clip(x, 0, 3), [0.1, 2]],
  ];
  it.each(unary)('%s', (_name, fn, range) => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => checkGradients(fn, [t.float32(...shape)], seed, range && { range })),
      { numRuns: 3 },
    );
  });

  it('arithmetic with broadcasting', () => {
    fc.assert(
      fc.property(
        broadcasting,
        fc.constantFrom(t.add, t.sub, t.mul, t.div, t.pow, t.maximum, t.minimum),
        fc.boolean(),
        seeds,
        (specs, fn, swap, seed) => {
          const two = (swap ? specs.toReversed() : specs).map((shape) => t.float32(...shape));
          checkGradients(fn, two, seed, { range: [0.5, 2] });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('where', () => {
    fc.assert(
      fc.property(broadcasting, seeds, ([a, b], seed) => {
        const choose = (x: Tensor, y: Tensor): Tensor => t.where(t.less(x, 0.2), t.square(x), t.mul(x, y));
        checkGradients(choose, [t.float32(...a!), t.float32(...b!)], seed);
      }),
      run,
    );
  });

  it('reductions over random axes', () => {
    const reductions = [t.sum, t.mean, t.max, t.min, t.logSumExp, t.variance];
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...reductions),
        fc.nat(7),
        fc.boolean(),
        seeds,
        (shape, fn, bits, keepDims, seed) => {
          const axes = [...shape.keys()].filter((axis) => (bits >> axis) & 1);
          checkGradients((x) => fn(t.mul(x, x), { axes, keepDims }), [t.float32(...shape)], seed, { range: [0.2, 2] });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('shape operations', () => {
    const cube = (x: Tensor): Tensor => t.mul(x, t.square(x));
    fc.assert(
      fc.property(
        lengths,
        lengths,
        lengths,
        fc.nat(2),
        fc.integer({ min: 1, max: 3 }),
        seeds,
        (a, b, c, axis, stride, seed) => {
          const [x, y] = [t.float32(a, b + 1, c), t.float32(a, 2, c)];
          checkGradients((p) => cube(t.transpose(p, [axis, (axis + 2) % 3, (axis + 1) % 3])), [x], seed);
          checkGradients((p, q) => cube(t.concat([p, q, p], 1)), [x, y], seed);
          checkGradients((p) => cube(t.sliceAxis(p, { axis: 1, start: 1, stride })), [x], seed);
          checkGradients((p) => cube(t.reverse(t.pad(p, [[0, 1], [2, 0], [1, 1]]), axis)), [x], seed); // prettier-ignore
          checkGradients((p) => cube(t.cumsum(p, { axis, exclusive: stride === 2, reverse: stride === 3 })), [x], seed);
        },
      ),
      { numRuns: 4 },
    );
  });

  it('indexing, with indices named twice', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 2, max: 4 }),
        fc.array(fc.nat(1), { minLength: 1, maxLength: 4 }),
        seeds,
        (a, b, at, seed) => {
          const indices = t.constant(Int32Array.from(at));
          checkGradients((x) => t.square(t.gather(x, indices, 1)), [t.float32(a, b, 2)], seed);
          checkGradients(
            (x, u) => t.square(t.scatterAdd(x, indices, u)),
            [t.float32(b, a), t.float32(at.length, a)],
            seed,
          );
          const along = t.broadcastTo(indices, [a, at.length]);
          checkGradients((x) => t.square(t.takeAlongAxis(x, along)), [t.float32(a, b)], seed);
          checkGradients(
            (x, u) => t.square(t.scatterAddAlongAxis(x, along, u)),
            [t.float32(a, b), t.float32(a, at.length)],
            seed,
          );
          checkGradients((x) => t.square(t.topK(x, b - 1).values), [t.float32(a, b)], seed);
        },
      ),
      { numRuns: 4 },
    );
  });

  it('products', () => {
    fc.assert(
      fc.property(lengths, lengths, lengths, fc.nat(3), fc.nat(3), seeds, (m, k, n, flags, batch, seed) => {
        const [transposeA, transposeB] = [(flags & 1) > 0, (flags & 2) > 0];
        const a = [...(batch & 1 ? [2] : []), ...(transposeA ? [k, m] : [m, k])];
        const b = [...(batch & 2 ? [2] : []), ...(transposeB ? [n, k] : [k, n])];
        checkGradients(
          (x, y) => t.matmul(x, y, { transposeA, transposeB, alpha: 0.7 }),
          [t.float32(...a), t.float32(...b)],
          seed,
        );
      }),
      { numRuns: 12 },
    );
  });

  it('convolution: strides, paddings, dilations, groups, one axis or two', () => {
    const spatial = fc.record({
      kernel: fc.integer({ min: 1, max: 2 }),
      extra: fc.nat(2),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      padding: fc.tuple(fc.nat(1), fc.nat(1)),
    });
    const axes = fc.array(spatial, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(axes, fc.integer({ min: 1, max: 2 }), seeds, (of, groups, seed) => {
        const options = {
          stride: of.map(({ stride }) => stride),
          dilation: of.map(({ dilation }) => dilation),
          padding: of.map(({ padding }) => padding),
          groups,
        };
        const image = of.map(({ kernel, dilation, extra }) => dilation * (kernel - 1) + 1 + extra);
        const w = t.float32(2, 1, ...of.map(({ kernel }) => kernel));
        checkGradients((x, kernel) => t.conv(x, kernel, options), [t.float32(1, groups, ...image), w], seed);
        checkGradients(
          (x, kernel) => t.convTranspose(x, kernel, { ...options, padding: 0 }),
          [t.float32(1, 2, ...image), w],
          seed,
        );
      }),
      { numRuns: 10 },
    );
  });

  it('pooling and resizing', () => {
    fc.assert(
      fc.property(
        fc.tuple(lengths, lengths),
        fc.tuple(lengths, lengths),
        fc.nat(1),
        fc.nat(2),
        seeds,
        (window, stride, pad, extra, seed) => {
          const image = t.float32(1, 2, window[0] + extra, window[1] + 1);
          const options = { stride, padding: window.map((length) => (length > 1 ? pad : 0)) };
          checkGradients((x) => t.avgPool(t.square(x), window, options), [image], seed);
          checkGradients((x) => t.maxPool(t.square(x), window, options), [image], seed, { range: [0.2, 2] });
          checkGradients((x) => t.resize(t.square(x), stride), [image], seed);
          checkGradients((x) => t.resize(t.square(x), stride, 'bilinear'), [image], seed);
        },
      ),
      { numRuns: 5 },
    );
  });

  it('normalisation, softmax, attention and losses', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 2, max: 3 }), seeds, (a, b, seed) => {
        const x = t.float32(a, b);
        checkGradients((p) => t.softmax(p, 0), [x], seed);
        checkGradients((p) => t.logSoftmax(p), [x], seed);
        checkGradients((p, scale, bias) => t.layerNorm(p, scale, bias, 0.1), [x, t.float32(b), t.float32(b)], seed);
        checkGradients((p, scale) => t.rmsNorm(p, scale, 0.1), [x, t.float32(b)], seed);
        checkGradients(
          (p, scale) => t.groupNorm(p, 2, scale, undefined, 0.1),
          [t.float32(a, 4, b), t.float32(4)],
          seed,
        );
        checkGradients((p) => t.normalise(p), [x], seed, { range: [0.3, 2] });
        checkGradients((p) => t.crossEntropy(p, t.constant(new Int32Array(a).fill(1))), [x], seed);
        checkGradients(t.binaryCrossEntropy, [x, x], seed);
        checkGradients((p) => t.rotaryEmbedding(t.square(p), t.iota([a])), [t.float32(1, 1, a, 2)], seed);
        const heads = [t.float32(1, 2, a, 2), t.float32(1, 1, b, 2), t.float32(1, 1, b, 2), t.float32(2, a, b)];
        checkGradients((q, k, v, mask) => t.attention(q, k, v, { mask }), heads, seed);
      }),
      { numRuns: 3 },
    );
  });
});
