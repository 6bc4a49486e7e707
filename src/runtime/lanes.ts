import type { Engine } from './engine.js';
import type { Store } from './store.js';

/**
 * Micro-batches of one step, computed side by side. Every lane is an engine with a copy of the parameters and a sum of
 * gradients of its own: convolutions and short operations share their work badly among the threads of one session, and
 * well among sessions with fewer threads each.
 */
export interface Lane {
  readonly engine: Engine;
  /** The trained store itself in the first lane, a copy in the others. */
  readonly store: Store;
  /** Brings the copy up to date. */
  refresh(): Promise<void>;
  /** Adds this lane's gradients of some leaves to those of the trained store. */
  collect(leaves: readonly number[]): Promise<void>;
}

const bytesOf = (store: Store): number =>
  4 * store.leaves.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);

/** The lanes over a store; the same ones each time. The first is the engine itself. */
export async function lanesOf(engine: Engine, store: Store, count: number): Promise<readonly Lane[]> {
  const first: Lane = { engine, store, refresh: () => Promise.resolve(), collect: () => Promise.resolve() };
  const helpers = await engine.helpers(count - 1);
  return [first, ...(await Promise.all(helpers.map((helper) => copyOn(helper, store))))];
}

const copies = new WeakMap<Store, Map<Engine, Promise<Lane>>>();

function copyOn(helper: Engine, original: Store): Promise<Lane> {
  const known = copies.get(original) ?? new Map<Engine, Promise<Lane>>();
  copies.set(original, known);
  const lane = known.get(helper) ?? makeCopy(helper, original);
  known.set(helper, lane);
  return lane;
}

async function makeCopy(helper: Engine, original: Store): Promise<Lane> {
  const store = await helper.createStore({ leaves: original.leaves, gradients: true });
  original.onDispose(() => store.dispose());
  // What changes hands lies in memory that both workers see.
  const memory = new SharedArrayBuffer(bytesOf(original));
  const all = [...original.leaves.keys()];
  let version = -1;
  return {
    engine: helper,
    store,
    async refresh() {
      if (version === original.version) return;
      version = original.version;
      await original.put('parameters', all, memory);
      await store.take('parameters', all, memory);
    },
    async collect(leaves) {
      await store.put('gradients', leaves, memory);
      await original.take('scratch', leaves, memory);
      await original.addScratch(leaves);
    },
  };
}
