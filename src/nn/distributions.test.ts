import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import { binaryCrossEntropy, float32, grad, mul, sum } from '../tensor/index.js';
import { bernoulliLogProb, discretisedLogisticLogProb } from './distributions.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

describe('Bernoulli', () => {
  it('is the cross-entropy turned around, with its gradient, however sure the logit is', async () => {
    const logits = Float32Array.of(-200, -30, -3, -0.1, 0, 0.1, 3, 30, 200);
    const program = await engine.compile(
      ({ x, logits: given }) => ({
        value: bernoulliLogProb(x, given),
        expected: binaryCrossEntropy(given, x),
        slope: grad((l: typeof given) => sum(bernoulliLogProb(x, l)))(given),
      }),
      { x: float32(9), logits: float32(9) },
    );
    for (const pixel of [0, 1]) {
      const x = new Float32Array(9).fill(pixel);
      const { value, expected, slope } = (await program.run({ x, logits })) as Record<string, Float32Array>;
      value!.forEach((found, index) => expect(Math.abs(found + expected![index]!)).toBeLessThan(1e-5));
      slope!.forEach((found, index) => expect(found).toBeCloseTo(pixel - 1 / (1 + Math.exp(-logits[index]!)), 5));
    }
  });
});

describe('discretised logistic', () => {
  it('is as exact where it is so wide that a level has hardly any of it', async () => {
    const levels = 256;
    const logScales = [3, 4, 4.5, 4.8, 5];
    const x = [1, 77, 254];
    const program = await engine.compile(
      ({ x: pixels, logScale }) => ({ y: discretisedLogisticLogProb(pixels, mul(logScale, 0), logScale, levels) }),
      { x: float32(1, x.length), logScale: float32(logScales.length, 1) },
    );
    const inputs = { x: Float32Array.from(x), logScale: Float32Array.from(logScales) };
    const { y } = (await program.run(inputs)) as { y: Float32Array };
    logScales.forEach((logScale, row) => {
      x.forEach((pixel, column) => {
        const centre = (2 * pixel) / (levels - 1) - 1;
        const [above, below] = [1, -1].map((side) => (centre + side / (levels - 1)) / Math.exp(logScale));
        const expected =
          Math.log(-Math.expm1(below! - above!)) - Math.log1p(Math.exp(-above!)) - Math.log1p(Math.exp(below!));
        expect(Math.abs(y[row * x.length + column]! - expected)).toBeLessThan(1e-5);
      });
    });
  });

  it.each([
    [2, 0.3, 0.5],
    [16, -0.9, -3],
    [256, 1.4, -5],
  ])('gives %i levels together a probability of 1 (mean %f, log scale %f)', async (levels, mean, logScale) => {
    const program = await engine.compile(
      ({ x, mean: centre, logScale: scale }) => ({ y: discretisedLogisticLogProb(x, centre, scale, levels) }),
      { x: float32(levels), mean: float32(1), logScale: float32(1) },
    );
    const x = Float32Array.from({ length: levels }, (_, level) => level);
    const { y } = (await program.run({
      x,
      mean: Float32Array.of(mean),
      logScale: Float32Array.of(logScale),
    })) as { y: Float32Array };
    expect(y.reduce((total, logProb) => total + Math.exp(logProb), 0)).toBeCloseTo(1, 4);
  });
});
