import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import { randomWeights } from '../../sampling/tiny-image-model.test-helper.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { type Tensor, avgPool, grad, sum, trace } from '../../tensor/index.js';
import { maskedAutoregressive } from './autoregressive.js';
import { blockDetails, blocksFrom } from './block-details.js';
import { denseConditioner } from './conditioners.js';
import { coupling } from './coupling.js';
import { flowLogProb } from './flow.js';
import { invertibleLinear } from './linear.js';
import { logNormalDensity, normalQuantile, normalShare } from './normal-quantile.js';
import { reversal } from './shapes.js';
import { rationalQuadraticSpline } from './spline.js';
import { type Transform, sequence } from './transform.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const network = denseConditioner({ width: 8 });
const planes: Record<string, Transform> = {
  'affine couplings': sequence([0, 1, 2].flatMap((i) => [coupling(2, { network }), invertibleLinear(2, i)])),
  'spline couplings': sequence(
    [0, 1].flatMap(() => [coupling(2, { network, elementwise: rationalQuadraticSpline() }), reversal()]),
  ),
  'autoregressive layers': sequence(
    [0, 1].flatMap((seed) => [maskedAutoregressive({ size: 2, width: 8, depth: 1, seed }), reversal()]),
  ),
};

describe('a flow over the plane', () => {
  it.each(Object.entries(planes))('of %s has a density that integrates to 1', async (_, transform) => {
    const weights = await randomWeights(engine, transform.parameters, 0.3);
    const [limit, side] = [24, 480];
    const step = (2 * limit) / side;
    const x = new Float32Array(side * side * 2);
    for (let at = 0; at < side * side; at++) {
      x[2 * at] = (Math.floor(at / side) + 0.5) * step - limit;
      x[2 * at + 1] = ((at % side) + 0.5) * step - limit;
    }
    const program = await engine.compile(
      (({ p, x: points }: { p: never; x: Tensor }) => ({ logProb: flowLogProb(transform, p, points, {}) })) as never,
      { p: transform.parameters, x: { shape: [side * side, 2], dtype: 'float32' as const } },
    );
    const { logProb } = (await program.run({ p: weights, x })) as { logProb: Float32Array };
    const mass = logProb.reduce((total, log) => total + Math.exp(log), 0) * step * step;
    expect(mass).toBeCloseTo(1, 2);
  });
});

const numbers = (fn: (x: Tensor) => object, x: readonly number[], shape = [x.length]) =>
  evaluate(
    trace(({ x: argument }: { x: Tensor }) => fn(argument), {
      x: { shape, dtype: 'float32' as const },
    } as const),
    { x },
  );

describe('normal quantile', () => {
  it('has the values of the tables, and undoes the cumulative function', () => {
    const { z } = numbers((x) => ({ z: normalQuantile(x) }), [0.5, 0.975, 0.001, 1e-5]);
    [0, 1.9599639845, -3.0902323062, -4.2648907939].forEach((value, i) => expect(z![i]).toBeCloseTo(value, 5));
    const shares = [1e-5, 0.01, 0.3, 0.7, 0.99];
    const { again } = numbers((x) => ({ again: normalShare(normalQuantile(x)) }), shares);
    shares.forEach((share, i) => expect(again![i]! / share).toBeCloseTo(1, 4));
  });

  it('has the slope 1 / density', () => {
    const { slope, density } = numbers(
      (x) => ({
        slope: grad((share: Tensor) => sum(normalQuantile(share)))(x),
        density: logNormalDensity(normalQuantile(x)),
      }),
      [0.01, 0.4, 0.9],
    );
    slope!.forEach((value, i) => expect(Math.log(value)).toBeCloseTo(-density![i]!, 8));
  });
});

describe('details of blocks', () => {
  const x = Array.from({ length: 2 * 2 * 4 * 8 }, (_, i) => Math.sin(i * i));

  it('with the means they are the image again, and a rotation of it', () => {
    const { again, details, means } = numbers(
      (image) => {
        const found = blockDetails(image, 4);
        const average = avgPool(image, 4);
        return { again: blocksFrom(average, found, 4), details: found, means: average };
      },
      x,
      [2, 2, 4, 8],
    );
    x.forEach((value, i) => expect(again![i]).toBeCloseTo(value, 6));
    const energy = (values: ArrayLike<number>): number =>
      Array.from(values).reduce((total, value) => total + value ** 2, 0);
    expect(energy(details!) + 16 * energy(means!)).toBeCloseTo(energy(x), 5);
  });
});
