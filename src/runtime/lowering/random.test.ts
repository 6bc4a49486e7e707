import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../tensor/index.js';
import { Engine, type HostData } from '../engine.js';
import { mix } from './random.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

async function draw(shape: readonly number[], key: [number, number], stream = 0): Promise<Float32Array> {
  const program = await engine.compile(({ key }) => ({ y: t.randomUniform(key, shape, stream) }), {
    key: { shape: [2], dtype: 'int32' as const },
  });
  return ((await program.run({ key: Int32Array.from(key) })) as { y: HostData }).y as Float32Array;
}

const correlation = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  a.forEach((x, index) => (sum += (x - 0.5) * (b[index]! - 0.5)));
  return (sum / a.length) * 12;
};

describe('randomUniform', () => {
  const size = 65_536;
  // Four standard deviations of a mean over so many numbers, in units of their standard deviation.
  const bound = 4 / Math.sqrt(size);

  it('equals the hash in plain JavaScript', async () => {
    const [seed, step, stream] = [7, 3, 2];
    const numbers = await draw([5000], [seed, step], stream);
    const stepped = mix((mix(seed ^ mix(stream + 1)) + step) >>> 0);
    numbers.forEach((number, position) => {
      const [row, column] = [Math.floor(position / 4096), position % 4096];
      const rowKey = mix(stepped ^ mix(row + 0x9e3779b9));
      expect(number).toBe((mix(rowKey ^ mix(column + 0x85ebca6b)) >>> 8) * 2 ** -24);
    });
  });

  it('is uniform in [0, 1): moments and a histogram', async () => {
    const numbers = await draw([64, 1024], [1, 1]);
    expect(numbers.length).toBe(size);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const bins = new Array<number>(64).fill(0);
    for (const number of numbers) bins[Math.floor(number * 64)]!++;
    const expected = size / 64;
    const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The chi-square of 63 degrees of freedom lies in here with probability 1 - 1e-6.
    expect(chiSquare).toBeGreaterThan(22);
    expect(chiSquare).toBeLessThan(135);
    const mean = numbers.reduce((a, b) => a + b, 0) / size;
    expect(Math.abs(mean - 0.5) * Math.sqrt(12)).toBeLessThan(bound);
  });

  it('gives independent neighbours, rows, streams, seeds and steps', async () => {
    const base = await draw([size], [1, 1]);
    const others = [
      await draw([size], [1, 1], 1),
      await draw([size], [2, 1]),
      await draw([size], [1, 2]),
      await draw([size], [2, 0]),
      Float32Array.from({ length: size }, (_, index) => base[(index + 1) % size]!),
      Float32Array.from({ length: size }, (_, index) => base[(index + 4096) % size]!),
    ];
    for (const other of others) expect(Math.abs(correlation(base, other))).toBeLessThan(bound);
  });

  it('repeats for an equal key, also within a longer draw', async () => {
    const [short, long] = [await draw([8192], [5, 9]), await draw([3, 4096], [5, 9])];
    expect(long.slice(0, 8192)).toEqual(short);
  });
});
