import type { DecodeOptions, Tokenizer } from './tokenizer.js';
import { utf8Decoder } from './utf8.js';

/** Decodes ids as they come. A character whose bytes are spread over several ids appears with the last of them. */
export class StreamDecoder {
  readonly #tokenizer: Tokenizer;
  readonly #options: DecodeOptions;
  readonly #decoder = utf8Decoder();

  constructor(tokenizer: Tokenizer, options: DecodeOptions = {}) {
    this.#tokenizer = tokenizer;
    this.#options = options;
  }

  /** The text that is certain after these ids; may be empty. */
  push(ids: number | ArrayLike<number>): string {
    const bytes = this.#tokenizer.decodeBytes(typeof ids === 'number' ? [ids] : ids, this.#options);
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** What is left: U+FFFD when the last character never became complete. The decoder is then as new. */
  flush(): string {
    return this.#decoder.decode();
  }
}
