import type { TokenizerJson } from './tokenizer-json.js';

/**
 * What a model needs of a tokenizer. Ids run from 0 to `vocabSize - 1`.
 *
 * The one rule that every implementation keeps: `encode` never yields a control token, whatever the text says.
 * Control tokens are written by a chat template (`encodeChat`) or by code that asks for one with `idOf`.
 */
export interface Tokenizer {
  /** Number of ids, control tokens included: the number of rows of an embedding. */
  readonly vocabSize: number;
  /** Control tokens by name, for example `<|endoftext|>` → 50256. */
  readonly controlTokens: ReadonlyMap<string, number>;
  /** Text → ids. A text that spells a control token is encoded as plain characters. */
  encode(text: string): Int32Array;
  /** Ids → text; bytes that are not UTF-8 become U+FFFD. Throws DataError for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** Ids → the exact bytes they stand for. */
  decodeBytes(ids: ArrayLike<number>, options?: DecodeOptions): Uint8Array;
  /** The id of a control token. Throws ConfigError when the tokenizer has none of that name. */
  idOf(control: string): number;
  /** The bytes of one id; for a control token, those of its name. */
  bytesOf(id: number): Uint8Array;
  /** The same tokenizer with more control tokens, which get the next free ids; names it already has are kept. */
  withControlTokens(names: readonly string[]): Tokenizer;
  /** The content of a `tokenizer.json`. */
  toJSON(): TokenizerJson;
}

export interface DecodeOptions {
  /** Leave control tokens out instead of writing their names. Default false. */
  skipControlTokens?: boolean;
}
