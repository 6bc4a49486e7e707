import { matmul } from '../tensor/linear.js';
import { sum } from '../tensor/structure.js';
import type { Engine } from './engine.js';

const size = 1024;
/** Products per run, so that the cost of a call does not show. */
const products = 4;

/**
 * The rate of single-precision matrix products of 1024³ that the engine reaches on this machine, in GFLOPS: the yardstick
 * for "share of the machine's peak". The best of several runs.
 */
export async function sgemmPeak(engine: Engine, options: { runs?: number } = {}): Promise<number> {
  const { runs = 5 } = options;
  const square = { shape: [size, size], dtype: 'float32' as const };
  const store = await engine.createStore({
    leaves: [
      { path: 'a', shape: square.shape },
      { path: 'b', shape: square.shape },
    ],
  });
  const program = await engine.compile(
    ({ factors: { a, b } }) => {
      let product = a;
      for (let index = 0; index < products; index++) product = matmul(product, b);
      return { check: sum(product) };
    },
    { factors: { a: square, b: square } },
    { name: 'sgemm peak' },
  );
  let best = Infinity;
  for (let run = 0; run <= runs; run++) {
    const start = performance.now();
    await program.run({ factors: store });
    // The first run allocates.
    if (run > 0) best = Math.min(best, (performance.now() - start) / 1000);
  }
  await store.dispose();
  return (2 * size ** 3 * products) / best / 1e9;
}
