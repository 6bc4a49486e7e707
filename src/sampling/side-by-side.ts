import type { Engine, HostTree, Program, StoreReference } from '../runtime/engine.js';
import { type Lane, lanesOf } from '../runtime/lanes.js';
import { Store } from '../runtime/store.js';

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
export async function sideBySide(options: {
  readonly engine: Engine;
  readonly weights: StoreReference;
  readonly batchSize: number;
  readonly compile: (engine: Engine, rows: number, threads: number) => Promise<Program>;
}): Promise<(rows: Rows, run: { signal?: AbortSignal }) => Promise<Record<string, Float32Array>>> {
  const { engine, weights, batchSize, compile } = options;
  const isDivided =
    engine.device === 'cpu' && engine.threads >= parts && batchSize % parts === 0 && weights instanceof Store;
  if (!isDivided) {
    const program = await compile(engine, batchSize, engine.threads);
    return async (rows, run) => (await program.run({ parameters: weights, rows }, run)) as Record<string, Float32Array>;
  }
  const lanes = await lanesOf(engine, weights, parts);
  const threads = Math.floor(engine.threads / parts);
  const programs = await Promise.all(lanes.map((lane) => compile(lane.engine, batchSize / parts, threads)));
  const runLane = async (lane: Lane, index: number, rows: Rows, run: { signal?: AbortSignal }): Promise<HostTree> => {
    await lane.refresh();
    return programs[index]!.run({ parameters: lane.store, rows: partOf(rows, index) }, run);
  };
  return async (rows, run) => {
    const results = await Promise.all(lanes.map((lane, index) => runLane(lane, index, rows, run)));
    return joined(results as Record<string, Float32Array>[]);
  };
}

const partOf = (rows: Rows, index: number): Rows =>
  Object.fromEntries(
    Object.entries(rows).map(([name, values]) => {
      const size = values.length / parts;
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
