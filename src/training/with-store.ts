import { leavesOf } from '../nn/parameters.js';
import type { Engine, Store } from '../runtime/engine.js';

export interface ModelStore {
  /** Declared parameters. */
  readonly specs: object;
  /** By path; 0 where nothing is given. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** Also keeps what an optimizer needs. Default false. */
  readonly trainable?: boolean;
}

/** Gives a store of declared parameters for as long as it is used. */
export async function withStore<Result>(
  engine: Engine,
  { specs, values, trainable = false }: ModelStore,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await engine.createStore({ leaves: leavesOf(specs), values, trainable });
  try {
    return await use(store);
  } finally {
    await store.dispose();
  }
}
