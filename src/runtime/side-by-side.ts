import type { Engine, StoreReference } from './engine.js';
import { laneCount, lanesOf } from './lanes.js';

/** Where a worker computes: its programs are compiled on this engine for so many threads, and read these weights. */
export interface Place {
  readonly engine: Engine;
  readonly weights: StoreReference;
  readonly threads: number;
}

/**
 * Work on items that do not depend on each other, e.g. batches to measure, spread over lanes: what convolutions gain from
 * it in training (see lanes.ts) they gain here too. Every lane has a share of the threads, so that an item comes out the
 * same in each.
 *
 * @param make compiles what a lane needs; its result works on one item after the other
 * @returns all results, in the order of the items; the first failure ends the work
 */
export async function sideBySide<Item, Result>(
  { engine, weights, lanes = 1 }: { engine: Engine; weights: StoreReference; lanes?: number },
  make: (place: Place) => Promise<(item: Item, signal?: AbortSignal) => Promise<Result>>,
): Promise<(items: Iterable<Item>, signal?: AbortSignal) => Promise<Result[]>> {
  const places = await lanesOf(engine, weights, laneCount(engine, lanes));
  const threads = Math.max(1, Math.floor(engine.threads / places.length));
  const workers = await Promise.all(
    places.map((lane) => make({ engine: lane.engine, weights: lane.weights, threads })),
  );
  return async (items, signal) => {
    await Promise.all(places.map((lane) => lane.refresh()));
    const results: Result[] = [];
    const rest = items[Symbol.iterator]();
    let [count, hasFailed] = [0, false];
    const work = async (worker: (typeof workers)[number]): Promise<void> => {
      try {
        while (!hasFailed) {
          signal?.throwIfAborted();
          const next = rest.next();
          if (next.done === true) return;
          const index = count++;
          results[index] = await worker(next.value, signal);
        }
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    };
    // Nothing is under way any more when it ends, whatever ended it.
    const ends = await Promise.allSettled(workers.map(work));
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    return results;
  };
}
