import type { Engine } from '../runtime/engine.js';
import { matmul, mean } from '../tensor/index.js';
import { counterRandom } from '../tensor/random.js';

const side = 1024;
const products = 8;

/**
 * The rate of single-precision matrix products that the engine reaches on its device, in operations a second: the best
 * of some runs of products of 1024 by 1024. Takes about a second on a laptop.
 */
export async function measurePeakFlops(engine: Engine): Promise<number> {
  const spec = { shape: [side, side], dtype: 'float32' } as const;
  // In a store, so that no time goes into carrying them over.
  const store = await engine.createStore({ leaves: ['a', 'b'].map((path) => ({ path, shape: spec.shape })) });
  const filled = (name: string): Float32Array => {
    const random = counterRandom(0, name, 0);
    return Float32Array.from({ length: side * side }, () => 2 * random() - 1);
  };
  await store.write({ a: filled('a'), b: filled('b') });
  const program = await engine.compile(
    ({ factors: { a, b } }) => {
      let product = a;
      // The scale keeps the entries' size, far from numbers that processors are slow with.
      for (let i = 0; i < products; i++) product = matmul(product, b, { alpha: Math.sqrt(3 / side) });
      return { mean: mean(product) };
    },
    { factors: { a: spec, b: spec } },
    { name: 'peak' },
  );
  let best = Infinity;
  for (let run = 0; run < 4; run++) {
    const started = performance.now();
    await program.run({ factors: store });
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  await store.dispose();
  return (products * 2 * side ** 3) / best;
}
