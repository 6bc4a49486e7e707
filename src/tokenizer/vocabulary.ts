import { DataError } from '../errors.js';
import type { DecodeOptions } from './tokenizer.js';
import { utf8Decoder } from './utf8.js';

/** What each id stands for: its bytes, in one flat memory, and whether it is a control token. */
export class Vocabulary {
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #offsets: Int32Array;
  readonly #isControl: Uint8Array;

  /** `tokens[id]` are the bytes of an id; undefined where an id is not used. */
  constructor(tokens: readonly (Uint8Array | undefined)[], controlIds: Iterable<number>) {
    this.size = tokens.length;
    this.#offsets = new Int32Array(this.size + 1);
    for (const [id, token] of tokens.entries()) {
      this.#offsets[id + 1] = (this.#offsets[id] as number) + (token?.length ?? 0);
    }
    this.#bytes = new Uint8Array(this.#offsets[this.size] as number);
    for (const [id, token] of tokens.entries()) if (token) this.#bytes.set(token, this.#offsets[id]);
    this.#isControl = new Uint8Array(this.size);
    for (const id of controlIds) this.#isControl[id] = 1;
  }

  bytesOf(id: number): Uint8Array {
    this.#check(id);
    return this.#bytes.slice(this.#offsets[id], this.#offsets[id + 1]);
  }

  decodeBytes(ids: ArrayLike<number>, options: DecodeOptions = {}): Uint8Array {
    const skip = options.skipControlTokens ?? false;
    let length = 0;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] as number;
      this.#check(id);
      if (!(skip && this.#isControl[id] === 1)) length += this.#end(id) - this.#start(id);
    }
    const bytes = new Uint8Array(length);
    let position = 0;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] as number;
      if (skip && this.#isControl[id] === 1) continue;
      const end = this.#end(id);
      for (let source = this.#start(id); source < end; source++) bytes[position++] = this.#bytes[source] as number;
    }
    return bytes;
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    return utf8Decoder().decode(this.decodeBytes(ids, options));
  }

  #start(id: number): number {
    return this.#offsets[id] as number;
  }

  #end(id: number): number {
    return this.#offsets[id + 1] as number;
  }

  #check(id: number): void {
    if (id >= 0 && id < this.size && Number.isInteger(id)) return;
    throw new DataError(`Token id ${String(id)} is outside the vocabulary of ${String(this.size)}.`, {
      advice: 'Check that the model and the tokenizer belong together.',
    });
  }
}
