import { leavesOf } from '../nn/parameters.js';
import type { Engine, Store } from '../runtime/engine.js';

/** Gives a store of declared parameters, to train and with these values, for as long as it is used. */
export async function withStore<Result>(
  engine: Engine,
  specs: object,
  values: Readonly<Record<string, Float32Array>>,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await engine.createStore({ leaves: leavesOf(specs), trainable: true });
  try {
    await store.write(values);
    return await use(store);
  } finally {
    await store.dispose();
  }
}
