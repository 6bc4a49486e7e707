import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createHash } from 'node:crypto';

/** A long sequence of tokens that is read by position: a file on disk, a part of one, or an array. */
export interface TokenStore {
  /** Number of tokens. */
  readonly length: number;
  /** Fills `target` with the tokens from `start` on. */
  readInto(start: number, target: Int32Array): void;
  /** The name for messages, e.g. the file's path. */
  readonly name: string;
}

/** Tokens that are in memory already. */
export function tokensInMemory(tokens: ArrayLike<number>, name = 'tokens in memory'): TokenStore {
  const ids = Int32Array.from(tokens);
  return {
    name,
    length: ids.length,
    readInto: (start, target) => target.set(ids.subarray(start, start + target.length)),
  };
}

/** The tokens from `start` up to but not including `end` of another store. */
export function sliceTokens(store: TokenStore, start: number, end: number): TokenStore {
  return {
    name: `${store.name} [${start}, ${end})`,
    length: end - start,
    readInto: (from, target) => store.readInto(start + from, target),
  };
}

/** A name for what a tokenizer does: SHA-256 over its tokenizer.json. Equal tokenizers have equal ones. */
export function tokenizerHash(tokenizer: Pick<Tokenizer, 'toJSON'>): string {
  return createHash('sha256').update(JSON.stringify(tokenizer.toJSON())).digest('hex');
}
