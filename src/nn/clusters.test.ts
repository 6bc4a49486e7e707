import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import { type Tensor, float32, grad } from '../tensor/index.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import { assignmentLoss } from './assignment.js';
import { clusterSums, drawByWeight, kMeans, nearest } from './clusters.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const run = async (
  fn: (x: Record<string, Tensor>) => Record<string, Tensor>,
  inputs: Record<string, { shape: number[]; data: Float32Array | Int32Array }>,
): Promise<Record<string, Float32Array>> => {
  const specs = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      data instanceof Float32Array ? float32(...shape) : { shape, dtype: 'int32' as const },
    ]),
  );
  const program = await engine.compile(fn, specs as never, { name: 'test' });
  return (await program.run(
    Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])),
  )) as Record<string, Float32Array>;
};
const normals = (size: number, seed: number): Float32Array =>
  fillNormal(counterRandom(seed, 'clusters', 0), new Float32Array(size));

describe('clusters', () => {
  it('finds the nearest centre, as by trying each', async () => {
    const [points, centres] = [normals(50 * 3, 1), normals(7 * 3, 2)];
    const { y } = await run(({ points, centres }) => ({ y: nearest(points!, centres!) }), {
      points: { shape: [50, 3], data: points },
      centres: { shape: [7, 3], data: centres },
    });
    const distance = (n: number, k: number): number =>
      [0, 1, 2].reduce((sum, i) => sum + (points[n * 3 + i]! - centres[k * 3 + i]!) ** 2, 0);
    y!.forEach((found, n) => {
      const all = [0, 1, 2, 3, 4, 5, 6].map((k) => distance(n, k));
      expect(found).toBe(all.indexOf(Math.min(...all)));
    });
  });

  it('finds clusters that lie apart, each once, whatever the seed', async () => {
    const means = [-40, 0, 10, 90];
    // One cluster has nearly all the points, as the background of drawings does.
    const of = (n: number): number => (n < 90 ? 1 : n % 4);
    const points = normals(100, 3).map((x, n) => 0.1 * x + means[of(n)]!);
    for (const seed of [1, 2, 3]) {
      const { y } = await run(({ points, key }) => ({ y: kMeans(points!, 4, { key: key! }) }), {
        points: { shape: [100, 1], data: points },
        key: { shape: [2], data: Int32Array.of(seed, 0) },
      });
      [...y!].sort((a, b) => a - b).forEach((centre, k) => expect(Math.abs(centre - means[k]!)).toBeLessThan(0.2));
    }
  });

  it('gives more clusters than there are different points without breaking', async () => {
    const { y } = await run(({ points, key }) => ({ y: kMeans(points!, 4, { key: key! }) }), {
      points: { shape: [5, 2], data: Float32Array.of(1, 1, 1, 1, 2, 2, 2, 2, 1, 1) },
      key: { shape: [2], data: Int32Array.of(5, 0) },
    });
    expect(new Set(y)).toEqual(new Set([1, 2]));
  });

  it('draws by weight, and nothing that weighs nothing', async () => {
    const weights = Float32Array.of(0, 1, 0, 3, 0);
    const uniform = Float32Array.of(0, 0.24, 0.26, 0.999);
    const { y } = await run(({ weights, uniform }) => ({ y: drawByWeight(weights!, uniform!) }), {
      weights: { shape: [5], data: weights },
      uniform: { shape: [4], data: uniform },
    });
    expect(Array.from(y!)).toEqual([1, 1, 3, 3]);
  });

  it('sums its members, and an assignment lands on its value with one step of rate 1', async () => {
    const { sums, counts, stepped } = await run(
      ({ points, members, old }) => {
        const found = clusterSums(points!, members!, 3);
        const gradient = grad((p: Tensor) => assignmentLoss([{ parameter: p, value: found.sums }]))(old!);
        return { ...found, stepped: gradient };
      },
      {
        points: { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
        members: { shape: [3], data: Int32Array.of(2, 0, 2) },
        old: { shape: [3, 2], data: Float32Array.of(9, 9, 9, 9, 9, 9) },
      },
    );
    expect(Array.from(sums!)).toEqual([3, 4, 0, 0, 6, 8]);
    expect(Array.from(counts!)).toEqual([1, 0, 2]);
    expect(Array.from(stepped!, (g) => 9 - g)).toEqual(Array.from(sums!));
  });
});
