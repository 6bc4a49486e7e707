import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { batchMoments, batchNorm } from '../../nn/batch-norm.js';
import { symmetricEigen } from '../../evaluation/symmetric-eigen.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { difference } from '../../tensor/golden-cases.test-helper.js';
import * as t from '../../tensor/index.js';
import { type Tensor, type TensorSpec, float32 } from '../../tensor/index.js';
import { counterRandom } from '../../tensor/random.js';
import { augment } from './augmentation.js';
import { gameAilments, gameFigures } from './figures.js';
import { withDeviation } from './minibatch-deviation.js';
import { modulatedConvolution, modulatedEnlargement } from './modulated-convolution.js';
import { objectives } from './objectives.js';
import { gradientPenalty, pathLengths, realPenalty } from './penalties.js';
import { powerIteration } from './spectral-norm.js';

/** The parts of the games, in float64. */

const key: TensorSpec = { shape: [2], dtype: 'int32' };
const random = (size: number, seed = 1): number[] => {
  const next = counterRandom(seed, 'parts', 0);
  return Array.from({ length: size }, () => 2 * next() - 1);
};

interface Golden {
  readonly inputs: Record<string, { readonly shape: number[]; readonly data: number[] }>;
}
const goldenOf = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const specsOf = ({ inputs }: Golden): Record<string, TensorSpec> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, float32(...shape)]));
const dataOf = ({ inputs }: Golden): Record<string, number[]> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));

describe('penalties', () => {
  it('of a linear critic is (‖w‖ − 1)², wherever the images lie', () => {
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const graph = t.trace(
          ({ w, real, made, share }) => {
            const penalty = (weights: Tensor): Tensor =>
              gradientPenalty((x) => t.sum(t.mul(x, weights), { axes: [1, 2, 3] }), { real, made, share }).loss;
            return { loss: penalty(w), slope: t.grad(penalty)(w) };
          },
          { w: float32(1, 2, 3), real: float32(2, 1, 2, 3), made: float32(2, 1, 2, 3), share: float32(2, 1, 1, 1) },
        );
        const w = random(6, seed);
        const inputs = { w, real: random(12, seed + 1), made: random(12, seed + 2), share: [0.3, 0.8] };
        const { loss, slope } = evaluate(graph, inputs);
        const length = Math.hypot(...w);
        expect(loss![0]).toBeCloseTo((length - 1) ** 2, 8);
        const expected = w.map((value) => (2 * (length - 1) * value) / length);
        expect(difference(slope!, expected)).toBeLessThan(1e-8);
      }),
      { numRuns: 20 },
    );
  });

  interface Penalties extends Golden {
    readonly gradientPenalty: { value: number; gradients: Record<string, number[]> };
    readonly r1: { value: number; gradients: Record<string, number[]> };
  }
  const golden = goldenOf('../../tensor/golden/penalties.json') as Penalties;
  type Weights = Readonly<Record<'first' | 'scale' | 'bias' | 'second' | 'head', Tensor>>;
  const critic = (w: Weights, x: Tensor): Tensor => {
    const first = t.groupNorm(t.conv(x, w.first, { stride: 2, padding: 1 }), 2, w.scale, w.bias);
    const pooled = t.avgPool(t.leakyRelu(first, 0.2), 2);
    const second = t.silu(t.conv(pooled, t.concat([w.second, w.second], 1), { padding: [[1, 0], [1, 0]] })); // prettier-ignore
    return t.squeeze(t.matmul(t.reshape(second, [3, -1]), w.head), 1);
  };
  const losses = {
    gradientPenalty: (w: Weights, { real, fake: made, mix: share }: Record<string, Tensor>) =>
      t.add(
        objectives.wasserstein.discriminator(critic(w, real!), critic(w, made!)),
        t.mul(10, gradientPenalty((x) => critic(w, x), { real: real!, made: made!, share: share! }).loss),
      ),
    r1: (w: Weights, { real }: Record<string, Tensor>) =>
      t.mul(
        2.5,
        realPenalty((x) => critic(w, x), real!),
      ),
  };
  it.each(['gradientPenalty', 'r1'] as const)(
    '%s of a convolutional critic, and its gradients, are PyTorch’s',
    (name) => {
      const graph = t.trace((inputs) => {
        const weights = Object.fromEntries(
          Object.entries(inputs)
            .filter(([path]) => path.startsWith('weights.'))
            .map(([path, tensor]) => [path.slice('weights.'.length), tensor]),
        ) as unknown as Weights;
        return t.valueAndGrad((w: Weights) => losses[name](w, inputs))(weights);
      }, specsOf(golden));
      const result = evaluate(graph, dataOf(golden));
      expect(difference(result['value']!, [golden[name].value])).toBeLessThan(1e-9);
      for (const [path, gradient] of Object.entries(golden[name].gradients))
        expect(difference(result[`gradients.${path}`]!, gradient)).toBeLessThan(1e-9);
    },
  );

  it('path lengths of a linear generator are those of its matrix times the direction', () => {
    const specs = { a: float32(4, 12), styles: float32(3, 2, 2), key };
    const graph = t.trace(({ a, styles, key: at }) => {
      const images = (x: Tensor): Tensor => t.reshape(t.matmul(t.reshape(x, [3, 4]), a), [3, 1, 3, 4]);
      const direction = t.reshape(new t.Draws(at).normal([3, 1, 3, 4]), [3, 12]);
      const moved = t.matmul(direction, a, { transposeB: true });
      // The mean over two layers of squared lengths, of a direction divided by √(3 · 4).
      const expected = t.sqrt(t.mul(t.sum(t.square(moved), { axes: 1 }), 1 / (12 * 2)));
      return { found: pathLengths(images, styles, new t.Draws(at)), expected };
    }, specs);
    const { found, expected } = evaluate(graph, { a: random(48), styles: random(12, 2), key: [3, 4] });
    expect(difference(found!, Array.from(expected!))).toBeLessThan(1e-9);
  });
});

describe('power iteration', () => {
  it.each([[[4, 3, 2, 2]], [[3, 7]], [[5, 1]]])(
    'of a kernel %j finds its largest singular value, and the value’s slope is u vᵀ',
    (shape) => {
      const [rows, columns] = [shape[0]!, shape.slice(1).reduce((a, b) => a * b, 1)];
      const graph = t.trace(
        ({ weight, u }) => {
          const value = (w: Tensor): Tensor => powerIteration(w, u).value;
          return { ...powerIteration(weight, u), slope: t.grad(value)(weight) };
        },
        { weight: float32(...shape), u: float32(rows) },
      );
      const weight = random(rows * columns, rows);
      const product = Float64Array.from({ length: rows * rows }, (_, at) => {
        const [i, j] = [Math.floor(at / rows), at % rows];
        let sum = 0;
        for (let k = 0; k < columns; k++) sum += weight[i * columns + k]! * weight[j * columns + k]!;
        return sum;
      });
      const largest = Math.sqrt(Math.max(...symmetricEigen(product, rows).values));
      let u: ArrayLike<number> = random(rows, 9);
      let found: Record<string, Float64Array> = {};
      for (let round = 0; round < 400; round++) {
        found = evaluate(graph, { weight, u: Array.from(u) });
        u = found['u']!;
      }
      expect(found['value']![0]).toBeCloseTo(largest, 9);
      // ‖u vᵀ‖ = 1, and Σ slope · weight = the value.
      expect(Math.hypot(...found['slope']!)).toBeCloseTo(1, 9);
      expect(found['slope']!.reduce((sum, value, at) => sum + value * weight[at]!, 0)).toBeCloseTo(largest, 9);
    },
  );
});

interface Modulated extends Golden {
  readonly demodulated: { y: number[]; gradients: Record<string, number[]> };
  readonly plain: { y: number[]; gradients: Record<string, number[]> };
  readonly enlarged: { y: number[] };
}
const modulated = goldenOf('golden/modulated-convolution.json') as Modulated;

describe('modulated convolution', () => {
  it.each(['demodulated', 'plain'] as const)('%s equals weights made for each image, PyTorch’s', (name) => {
    const graph = t.trace((inputs) => {
      const { x, weight, style, upstream } = inputs as Record<'x' | 'weight' | 'style' | 'upstream', Tensor>;
      const y = modulatedConvolution(x, weight, style, name === 'demodulated');
      const [gx, gw, gs] = t.gradients(t.sum(t.mul(y, upstream)), [x, weight, style]);
      return { y, gradients: { x: gx!, weight: gw!, style: gs! } };
    }, specsOf(modulated));
    const result = evaluate(graph, dataOf(modulated));
    expect(difference(result['y']!, modulated[name].y)).toBeLessThan(1e-9);
    for (const [path, gradient] of Object.entries(modulated[name].gradients))
      expect(difference(result[`gradients.${path}`]!, gradient)).toBeLessThan(1e-9);
  });
});

describe('modulated enlargement', () => {
  it('equals transposed weights made for each image, PyTorch’s', () => {
    const graph = t.trace(({ x, up, style }) => ({ y: modulatedEnlargement(x!, up!, style!) }), specsOf(modulated));
    expect(difference(evaluate(graph, dataOf(modulated))['y']!, modulated.enlarged.y)).toBeLessThan(1e-9);
  });
});

describe('augmentation', () => {
  const shape = [6, 2, 8, 8];
  const size = 6 * 2 * 64;
  const graph = t.trace(
    ({ images, probability, key: at }) => {
      const fn = (x: Tensor): Tensor => augment(x, probability, new t.Draws(at));
      return { images: fn(images), slope: t.grad((x: Tensor) => t.sum(t.square(fn(x))))(images) };
    },
    { images: float32(...shape), probability: float32(1), key },
  );
  const augmented = (images: readonly number[], probability: number, draw = 1) =>
    evaluate(graph, { images: [...images], probability: [probability], key: [7, draw] });

  it('of probability 0 leaves images as they are, and of 1 changes each', () => {
    const images = random(size);
    expect(difference(augmented(images, 0)['images']!, images)).toBe(0);
    const changed = augmented(images, 1)['images']!;
    for (let row = 0; row < 6; row++)
      expect(changed.slice(row * 128, (row + 1) * 128)).not.toEqual(
        Float64Array.from(images.slice(row * 128, (row + 1) * 128)),
      );
  });

  it('applies to about the share of images that it is to', () => {
    const black = new Array<number>(size).fill(-1);
    let changed = 0;
    for (let draw = 0; draw < 40; draw++) {
      const { images } = augmented(black, 0.3, draw);
      for (let row = 0; row < 6; row++)
        changed += Number(images!.slice(row * 128, (row + 1) * 128).some((x) => x !== -1));
    }
    // Of a black image only brightness and a cut show: 1 − 0.7².
    expect(Math.abs(changed / 240 - 0.51)).toBeLessThan(0.12);
  });

  it('is an affine map of the images, with its own slope', () => {
    const [a, b] = [random(size, 2), random(size, 3)];
    const sum = a.map((value, at) => value + b[at]!);
    const zero = augmented(new Array<number>(size).fill(0), 0.7)['images']!;
    const [ofA, ofB, ofSum] = [a, b, sum].map((images) => augmented(images, 0.7)['images']!);
    expect(
      difference(
        ofSum!,
        Array.from(ofA!, (value, at) => value + ofB![at]! - zero[at]!),
      ),
    ).toBeLessThan(1e-9);
    const { slope } = augmented(a, 0.7);
    const step = 1e-5;
    for (const at of [0, 100, 200, 300, 500, 700]) {
      const moved = (by: number): number => {
        const images = [...a];
        images[at]! += by;
        return augmented(images, 0.7)['images']!.reduce((total, value) => total + value ** 2, 0);
      };
      expect(slope![at]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 5);
    }
  });
});

describe('minibatch deviation', () => {
  it('is that of each group of four by itself', () => {
    const graph = t.trace(({ x }) => ({ y: withDeviation(x) }), { x: float32(8, 1, 1, 2) });
    const same = [1, 2, 1, 2, 1, 2, 1, 2];
    const other = [0, 0, 2, 0, 0, 4, 2, 4];
    const y = evaluate(graph, { x: [...same, ...other] })['y']!;
    // [8, 2, 1, 2]: the last two numbers of each image are the new channel.
    const planes = Array.from({ length: 8 }, (_, row) => Array.from(y.slice(row * 4 + 2, row * 4 + 4)));
    for (const plane of planes.slice(0, 4)) for (const value of plane) expect(value).toBeCloseTo(0, 3);
    for (const plane of planes.slice(4)) for (const value of plane) expect(value).toBeCloseTo((1 + 2) / 2, 6);
  });
});

describe('batch normalisation', () => {
  it('gives each channel the mean and the deviation that it is told', () => {
    const graph = t.trace(
      ({ x, scale, bias }) => {
        const y = batchNorm({ scale, bias }, x, batchMoments(x, 0));
        return { mean: t.mean(y, { axes: [0, 2] }), deviation: t.standardDeviation(y, { axes: [0, 2] }) };
      },
      { x: float32(5, 3, 4), scale: float32(3), bias: float32(3) },
    );
    const { mean, deviation } = evaluate(graph, { x: random(60), scale: [0.5, 1, 2], bias: [1, -1, 0] });
    expect(difference(mean!, [1, -1, 0])).toBeLessThan(1e-9);
    expect(difference(deviation!, [0.5, 1, 2])).toBeLessThan(1e-3);
  });
});

describe('how a game stands', () => {
  it('is told by means, by pairs ranked rightly, and by the spread of made images over that of real ones', () => {
    const graph = t.trace(({ r, m, real, made }) => gameFigures(r, m, { real: real, made: made }), {
      r: float32(4),
      m: float32(4),
      real: float32(4, 1, 2, 2),
      made: float32(4, 1, 2, 2),
    });
    const real = random(16);
    const third = real.map((value) => value / 3 + 0.2);
    const found = evaluate(graph, { r: [1, 2, 3, 0], m: [0, 3, -1, -2], real, made: third });
    expect(found['real']![0]).toBe(1.5);
    expect(found['made']![0]).toBe(0);
    expect(found['accuracy']![0]).toBe(0.75);
    expect(found['spread']![0]).toBeCloseTo(1 / 3, 9);
    // The root of the mean squared distance of pairs, done the long way.
    const pairs = (images: readonly number[]): number => {
      let sum = 0;
      for (let a = 0; a < 4; a++)
        for (let b = 0; b < 4; b++)
          for (let at = 0; at < 4; at++) sum += (images[4 * a + at]! - images[4 * b + at]!) ** 2;
      return Math.sqrt(sum);
    };
    expect(found['spread']![0]).toBeCloseTo(pairs(third) / pairs(real), 9);
  });

  it.each([
    ['a healthy one', { spread: 0.9, real: 1.5, made: -1.5 }, {}, []],
    ['one of which nothing is known yet', {}, {}, []],
    ['one image over and over', { spread: 0.05, real: 1, made: -1 }, {}, ['collapse']],
    ['a discriminator that has won', { spread: 0.8, real: 20, made: -15 }, {}, ['divergence']],
    ['a critic of the same outputs', { spread: 0.8, real: 20, made: -15 }, { isDistance: true }, []],
    ['a critic that runs away', { spread: 0.8, real: 900, made: -15 }, { isDistance: true }, ['divergence']],
    ['all at once', { spread: 0.1, real: 1e6, made: 0 }, {}, ['collapse', 'divergence']],
  ] as const)('%s', (_, figures, objective, expected) => {
    const named = Object.fromEntries(Object.entries(figures).map(([name, value]) => [`discriminator.${name}`, value]));
    const found = gameAilments(objective)(named);
    expect(Object.keys(found).filter((name) => found[name] !== undefined)).toEqual(expected);
  });
});

describe('objectives', () => {
  const at = (name: keyof typeof objectives, real: number, made: number) => {
    const graph = t.trace(
      ({ r, m }) => {
        const { discriminator, generator } = objectives[name];
        return {
          discriminator: discriminator(r, m),
          generator: generator(m),
          slope: t.grad((x: Tensor) => generator(x))(m),
        };
      },
      { r: float32(1), m: float32(1) },
    );
    const found = evaluate(graph, { r: [real], m: [made] });
    return {
      discriminator: found['discriminator']![0]!,
      generator: found['generator']![0]!,
      slope: found['slope']![0]!,
    };
  };
  const logSigmoid = (x: number): number => -Math.log1p(Math.exp(-x));

  it('are those of the papers', () => {
    const [r, m] = [0.7, -1.3];
    const classify = -logSigmoid(r) - logSigmoid(-m);
    expect(at('minimax', r, m).discriminator).toBeCloseTo(classify, 9);
    expect(at('minimax', r, m).generator).toBeCloseTo(logSigmoid(-m), 9);
    expect(at('non-saturating', r, m).discriminator).toBeCloseTo(classify, 9);
    expect(at('non-saturating', r, m).generator).toBeCloseTo(-logSigmoid(m), 9);
    expect(at('hinge', r, m)).toMatchObject({ generator: 1.3 });
    expect(at('hinge', r, m).discriminator).toBeCloseTo(0.3, 9);
    expect(at('hinge', 2, -2).discriminator).toBe(0);
    expect(at('wasserstein', r, m).discriminator).toBeCloseTo(m - r, 9);
  });

  it('the minimax gradient dies where the generator loses, and the non-saturating one does not', () => {
    expect(Math.abs(at('minimax', 5, -10).slope)).toBeLessThan(1e-4);
    expect(Math.abs(at('non-saturating', 5, -10).slope)).toBeGreaterThan(0.99);
  });
});
