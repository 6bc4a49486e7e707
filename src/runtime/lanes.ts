import type { Engine, StoreReference } from './engine.js';
import type { StoreBuffer } from './protocol.js';
import { Store } from './store.js';
import { sizeOf } from '../tensor/define.js';

/**
 * Micro-batches of one step, computed side by side. Every lane is an engine with a copy of the parameters and a sum of
 * gradients of its own: convolutions and short operations share their work badly among the threads of one session, and
 * well among sessions with fewer threads each.
 */
export interface Lane {
  readonly engine: Engine;
  /** The trained store itself in the first lane, a copy in the others. */
  readonly store: Store;
  /** What a program reads: in the first lane what the lanes are over, in the others the copy. */
  readonly weights: StoreReference;
  /** Brings the copy up to date. */
  refresh(): Promise<void>;
  /** Adds this lane's gradients of some leaves to those of the trained store. */
  collect(leaves: readonly number[]): Promise<void>;
}

const bytesOf = (store: Store): number => 4 * store.leaves.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** How many lanes there are where so many are asked for: on a CPU, with a thread for each. */
export const laneCount = ({ device, threads }: Engine, asked: number): number =>
  device === 'cpu' ? Math.min(asked, threads) : 1;

/** The lanes over a store, or another of its buffers; the same ones each time. The first is the engine itself. */
export async function lanesOf(engine: Engine, weights: StoreReference, count: number): Promise<readonly Lane[]> {
  const { store, buffer } = weights instanceof Store ? { store: weights, buffer: 'parameters' as const } : weights;
  const first: Lane = { engine, store, weights, refresh: () => Promise.resolve(), collect: () => Promise.resolve() };
  const helpers = await engine.helpers(count - 1);
  return [first, ...(await Promise.all(helpers.map((helper) => copyOn(helper, store, buffer))))];
}

const copies = new WeakMap<Store, Map<StoreBuffer, WeakMap<Engine, Promise<Lane>>>>();

function copyOn(helper: Engine, original: Store, buffer: StoreBuffer): Promise<Lane> {
  const ofStore = copies.get(original) ?? new Map<StoreBuffer, WeakMap<Engine, Promise<Lane>>>();
  copies.set(original, ofStore);
  const known = ofStore.get(buffer) ?? new WeakMap<Engine, Promise<Lane>>();
  ofStore.set(buffer, known);
  const lane = known.get(helper) ?? makeCopy(helper, original, buffer);
  known.set(helper, lane);
  return lane;
}

async function makeCopy(helper: Engine, original: Store, buffer: StoreBuffer): Promise<Lane> {
  // Nothing but parameters is trained.
  const beneath = original.over && (await copyOn(helper, original.over, 'parameters'));
  const store = await helper.createStore({
    leaves: original.leaves,
    gradients: buffer === 'parameters',
    ...(beneath && { over: beneath.store }),
  });
  original.onDispose(() => store.dispose());
  // What changes hands lies in memory that both workers see.
  const memory = new SharedArrayBuffer(bytesOf(original));
  const all = [...original.leaves.keys()];
  let version = -1;
  let refreshed = Promise.resolve();
  const copy = async (): Promise<void> => {
    await beneath?.refresh();
    await original.put(buffer, all, memory);
    await store.take('parameters', all, memory);
  };
  return {
    engine: helper,
    store,
    weights: store,
    refresh() {
      if (version !== original.version) {
        version = original.version;
        refreshed = refreshed.then(copy);
      }
      return refreshed;
    },
    async collect(leaves) {
      await store.put('gradients', leaves, memory);
      await original.take('scratch', leaves, memory);
      await original.addScratch(leaves);
    },
  };
}
