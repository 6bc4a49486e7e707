import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import { counterRandom, normal } from '../../tensor/random.js';
import { logisticMixtureHead } from './logistic-mixture.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Equations 1 to 3 of the paper, word for word, in float64: [weights, means of r g b, log scales of r g b, α β γ]. */
function reference(numbers: readonly number[][], pixel: readonly number[], levels: number): number {
  const [weights, ...rest] = numbers as [number[], ...number[][]];
  const half = 1 / (levels - 1);
  const [red, green, blue] = pixel.map((value) => 2 * half * value - 1) as [number, number, number];
  const total = weights.reduce((sum, weight) => sum + Math.exp(weight), 0);
  return Math.log(
    weights.reduce((sum, weight, k) => {
      const at = (row: number): number => rest[row]![k]!;
      const [alpha, beta, gamma] = [6, 7, 8].map((row) => Math.tanh(at(row))) as [number, number, number];
      const means = [at(0), at(1) + alpha * red, at(2) + beta * red + gamma * green];
      const product = [red, green, blue].reduce((probability, x, channel) => {
        const scale = Math.exp(at(3 + channel) - 2);
        const cumulated = (edge: number): number => sigmoid((edge - means[channel]!) / scale);
        const above = pixel[channel] === levels - 1 ? 1 : cumulated(x + half);
        const below = pixel[channel] === 0 ? 0 : cumulated(x - half);
        return probability * (above - below);
      }, 1);
      return sum + (Math.exp(weight) / total) * product;
    }, 0),
  );
}

describe('logistic mixture', () => {
  const mixtures = 3;
  const levels = 256;
  const grid = { channels: 3, height: 1, width: 1, levels };
  const groups = 10;

  it("finds pixels as probable as the paper's formula does", async () => {
    const head = logisticMixtureHead(groups * mixtures, mixtures, grid);
    const random = counterRandom(1, 'mixture', 0);
    const numbers = Array.from({ length: groups }, () => Array.from({ length: mixtures }, () => 0.6 * normal(random)));
    const pixels = [
      [0, 0, 0],
      [255, 255, 255],
      [0, 255, 3],
      [120, 130, 140],
      [1, 254, 128],
    ];
    // The identity for weights: the features are the numbers themselves.
    const weight = Float32Array.from({ length: (groups * mixtures) ** 2 }, (_, at) =>
      Number(at % (groups * mixtures) === Math.floor(at / (groups * mixtures))),
    );
    const program = await engine.compile(
      ({ parameters, features, values }) => ({ logProb: head.logProb!(parameters, features, values) }),
      {
        parameters: head.parameters,
        features: { shape: [pixels.length, groups * mixtures], dtype: 'float32' },
        values: { shape: [pixels.length, 3], dtype: 'float32' },
      } as const,
    );
    const { logProb } = (await program.run({
      parameters: { out: { weight, bias: new Float32Array(groups * mixtures) } },
      features: Float32Array.from(pixels.flatMap(() => numbers.flat())),
      values: Float32Array.from(pixels.flat()),
    })) as { logProb: Float32Array };
    pixels.forEach((pixel, row) => {
      expect(logProb[row]).toBeCloseTo(reference(numbers, pixel, levels), 3);
    });
  });
});
