import type { Engine, Program, StoreReference } from '../runtime/engine.js';
import { laneCount } from '../runtime/lanes.js';
import { sideBySide } from '../runtime/side-by-side.js';

/** Rows of a batch, by name: float32 or int32, [batch, …]. */
export type Rows = Readonly<Record<string, Float32Array | Int32Array>>;

/** Parts of a batch computed side by side, where that is faster: on a CPU with several threads. */
const parts = 2;

/**
 * Compiles a program whose rows do not depend on each other, for parts of a batch on a share of the threads each (see
 * `runtime/lanes.ts`). Where it cannot be divided it is one program for the whole batch.
 *
 * @param compile makes the program for so many rows, of the arguments `parameters` and `rows`
 */
export async function rowsSideBySide(options: {
  readonly engine: Engine;
  readonly weights: StoreReference;
  readonly batchSize: number;
  readonly compile: (engine: Engine, rows: number, threads: number) => Promise<Program>;
}): Promise<(rows: Rows, run: { signal?: AbortSignal }) => Promise<Record<string, Float32Array>>> {
  const { batchSize, compile } = options;
  const lanes = laneCount(options.engine, batchSize % parts === 0 ? parts : 1);
  const work = await sideBySide({ ...options, lanes }, async ({ engine, weights, threads }) => {
    const program = await compile(engine, batchSize / lanes, threads);
    return async (rows: Rows, signal?: AbortSignal) =>
      (await program.run({ parameters: weights, rows }, { ...(signal && { signal }) })) as Record<string, Float32Array>;
  });
  return async (rows, { signal }) =>
    joined(
      await work(
        Array.from({ length: lanes }, (_, index) => partOf(rows, index, lanes)),
        signal,
      ),
    );
}

const partOf = (rows: Rows, index: number, lanes: number): Rows =>
  Object.fromEntries(
    Object.entries(rows).map(([name, values]) => {
      const size = values.length / lanes;
      return [name, values.slice(index * size, (index + 1) * size)];
    }),
  );

function joined(results: readonly Record<string, Float32Array>[]): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.keys(results[0]!).map((name) => {
      const size = results[0]![name]!.length;
      const whole = new Float32Array(results.length * size);
      results.forEach((result, index) => {
        whole.set(result[name]!, index * size);
      });
      return [name, whole];
    }),
  );
}
