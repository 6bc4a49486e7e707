import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import { type Tensor, float32, ones } from '../tensor/index.js';
import { Dropout, embedding, linear, linearSpec, norm, normSpec } from './layers.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const key = { shape: [2], dtype: 'int32' as const };

describe('Dropout', () => {
  const rate = 0.3;
  const size = 100_000;

  it('zeroes its share, keeps the mean, and draws each call anew', async () => {
    const program = await engine.compile(
      ({ key }) => {
        const dropout = new Dropout(rate, key);
        return { first: dropout.apply(ones([size])), second: dropout.apply(ones([size])) };
      },
      { key },
    );
    const run = async (...words: number[]) =>
      (await program.run({ key: Int32Array.from(words) })) as { first: Float32Array; second: Float32Array };
    const { first, second } = await run(7, 1);
    for (const values of [first, second]) {
      const kept = values.filter((value) => value !== 0);
      // Five standard errors of a share.
      expect(Math.abs(kept.length / size - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / size));
      expect(kept.every((value) => Math.abs(value - 1 / (1 - rate)) < 1e-6)).toBe(true);
    }
    const agreement = (a: Float32Array, b: Float32Array): number =>
      a.reduce((count, value, index) => count + Number((value === 0) === (b[index] === 0)), 0) / size;
    const independent = rate ** 2 + (1 - rate) ** 2;
    const step2 = await run(7, 2);
    expect(Math.abs(agreement(first, second) - independent)).toBeLessThan(0.01);
    expect(Math.abs(agreement(first, step2.first) - independent)).toBeLessThan(0.01);
    expect(await run(7, 1)).toEqual({ first, second });
  });

  it('is the identity without a key or at rate 0', () => {
    const x = ones([3]);
    expect(new Dropout(rate).apply(x)).toBe(x);
    expect(new Dropout(0, ones([2], 'int32')).apply(x)).toBe(x);
  });
});

describe('layers by hand', () => {
  const run = async (fn: (x: Tensor) => Tensor, x: number[], shape: number[]): Promise<number[]> => {
    const program = await engine.compile(({ x }) => ({ y: fn(x) }), { x: float32(...shape) });
    const { y } = (await program.run({ x: Float32Array.from(x) })) as { y: Float32Array };
    return [...y];
  };

  it('linear: x W + b', async () => {
    const program = await engine.compile(({ weight, bias, x }) => ({ y: linear({ weight, bias }, x) }), {
      weight: float32(2, 3),
      bias: float32(3),
      x: float32(1, 2),
    });
    const { y } = (await program.run({
      weight: Float32Array.of(1, 2, 3, 4, 5, 6),
      bias: Float32Array.of(10, 20, 30),
      x: Float32Array.of(1, -1),
    })) as { y: Float32Array };
    expect([...y]).toEqual([7, 17, 27]);
  });

  it('norm: layer has mean 0 and variance 1, rms has mean square 1', async () => {
    const x = [3, 1, -4, 8, 0.5, -2, 7, 1];
    const layer = await run((x) => norm('layer', { scale: ones([4]) }, x, 1e-12), x, [2, 4]);
    const rms = await run((x) => norm('rms', { scale: ones([4]) }, x, 1e-12), x, [2, 4]);
    const meanOf = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    for (const row of [0, 1]) {
      const a = layer.slice(4 * row, 4 * row + 4);
      expect(meanOf(a)).toBeCloseTo(0, 5);
      expect(meanOf(a.map((value) => value * value))).toBeCloseTo(1, 5);
      const b = rms.slice(4 * row, 4 * row + 4);
      expect(meanOf(b.map((value) => value * value))).toBeCloseTo(1, 5);
      expect(b[0]! / b[1]!).toBeCloseTo(x[4 * row]! / x[4 * row + 1]!, 4);
    }
  });

  it('embedding: rows of the table', async () => {
    const program = await engine.compile(({ weight, ids }) => ({ y: embedding({ weight }, ids) }), {
      weight: float32(3, 2),
      ids: { shape: [2, 2], dtype: 'int32' as const },
    });
    const { y } = (await program.run({
      weight: Float32Array.of(1, 2, 3, 4, 5, 6),
      ids: Int32Array.of(2, 0, 1, 2),
    })) as { y: Float32Array };
    expect([...y]).toEqual([5, 6, 1, 2, 3, 4, 5, 6]);
  });

  it('specs have no bias where none is wanted', () => {
    expect(Object.keys(linearSpec(2, 3, { bias: false }))).toEqual(['weight']);
    expect(Object.keys(normSpec('layer', 3, { bias: false }))).toEqual(['scale']);
    expect(Object.keys(normSpec('rms', 3))).toEqual(['scale']);
  });
});
