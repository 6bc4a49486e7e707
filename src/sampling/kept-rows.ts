import type { Gpt } from '../families/autoregressive/gpt.js';
import { type Cache, type CachePool, cacheBytes } from './cache-pool.js';

/** A row of a cache, and the tokens whose keys and values it holds. */
export interface ReadRow {
  readonly cache: Cache;
  readonly row: number;
  readonly tokens: Int32Array;
}

/** Fewer tokens than this are read again sooner than found and copied. */
export const LEAST_SHARED = 16;

/** How many tokens two texts have in common at their beginning. */
export function commonBeginning(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Rows of finished answers: a chat that goes on begins with one, and reads only what is new. Those unused for longest go. */
export class KeptRows {
  readonly #pool: CachePool;
  readonly #model: Pick<Gpt, 'config'>;
  readonly #mostBytes: number;
  /** The longest unused first. */
  #rows: ReadRow[] = [];

  constructor(pool: CachePool, model: Pick<Gpt, 'config'>, mostBytes: number) {
    this.#pool = pool;
    this.#model = model;
    this.#mostBytes = mostBytes;
  }

  get rows(): readonly ReadRow[] {
    return this.#rows;
  }

  get bytes(): number {
    return this.#rows.reduce((bytes, { cache }) => bytes + cacheBytes(this.#model, cache.shape), 0);
  }

  /** Whether it is worth to keep a row with these tokens: nothing that is kept begins with them. */
  wants(tokens: Int32Array): boolean {
    if (this.#mostBytes === 0 || tokens.length < LEAST_SHARED) return false;
    return !this.#rows.some((kept) => commonBeginning(kept.tokens, tokens) === tokens.length);
  }

  /** Takes over a cache of one row, in place of those that are beginnings of it. */
  async keep(tokens: Int32Array, cache: Cache): Promise<void> {
    const isLonger = (kept: ReadRow): boolean => commonBeginning(kept.tokens, tokens) < kept.tokens.length;
    const beginnings = this.#rows.filter((kept) => !isLonger(kept));
    this.#rows = [...this.#rows.filter(isLonger), { cache, row: 0, tokens }];
    while (this.bytes > this.#mostBytes) beginnings.push(this.#rows.shift()!);
    for (const { cache: old } of beginnings) await this.#pool.giveBack(old);
  }

  /** It was of use: others go before it. */
  touch(row: ReadRow): void {
    if (this.#rows.includes(row)) this.#rows = [...this.#rows.filter((kept) => kept !== row), row];
  }

  /** Gives the memory back to the pool. */
  async clear(): Promise<void> {
    for (const { cache } of this.#rows.splice(0)) await this.#pool.giveBack(cache);
  }
}
