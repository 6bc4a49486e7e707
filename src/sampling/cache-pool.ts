import type { Gpt } from '../families/autoregressive/gpt.js';
import type { Engine, Store } from '../runtime/engine.js';
import { leaves } from '../tensor/tree.js';
import { isSpec } from '../tensor/trace.js';
import { type CacheShape, cacheSpec } from './programs.js';

/** Keys and values of a batch's tokens, on the device. */
export interface Cache {
  readonly shape: CacheShape;
  readonly store: Store;
}

/** Bytes of a cache. */
export const cacheBytes = ({ config }: Pick<Gpt, 'config'>, { rows, length }: CacheShape): number =>
  8 * config.layers * rows * length * config.keyValueHeads * (config.width / config.heads);

/** Lends caches, and keeps returned ones for the next batch of their shape. */
export class CachePool {
  readonly #engine: Engine;
  readonly #model: Gpt;
  /** Most bytes of caches that lie unused; the longest unused goes first. */
  readonly #keepBytes: number;
  readonly #free: Cache[] = [];

  constructor(engine: Engine, model: Gpt, keepBytes = 2 ** 29) {
    this.#engine = engine;
    this.#model = model;
    this.#keepBytes = keepBytes;
  }

  async take(shape: CacheShape): Promise<Cache> {
    const index = this.#free.findIndex(({ shape: { rows, length } }) => rows === shape.rows && length === shape.length);
    if (index >= 0) return this.#free.splice(index, 1)[0]!;
    const list = leaves(cacheSpec(this.#model, shape), isSpec).map(({ path, leaf }) => ({ path, shape: leaf.shape }));
    return { shape, store: await this.#engine.createStore({ leaves: list }) };
  }

  async giveBack(cache: Cache): Promise<void> {
    this.#free.push(cache);
    const held = () => this.#free.reduce((bytes, { shape }) => bytes + cacheBytes(this.#model, shape), 0);
    while (held() > this.#keepBytes) await this.#free.shift()!.store.dispose();
  }

  async dispose(): Promise<void> {
    for (const { store } of this.#free.splice(0)) await store.dispose();
  }
}
