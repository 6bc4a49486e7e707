import { ConfigError, DataError } from '../errors.js';
import { checkControlTokens, controlTokenId } from './control-tokens.js';
import { addedTokenJson, bpeModelJson } from './tokenizer-json.js';
import type { TokenizerJson } from './tokenizer-json.js';
import type { DecodeOptions, Tokenizer } from './tokenizer.js';
import { Vocabulary } from './vocabulary.js';

export interface CharacterParts {
  /** Unicode characters and their ids. */
  characters: Readonly<Record<string, number>>;
  controlTokens?: ReadonlyMap<string, number>;
}

/** One id for each Unicode character: what nanoGPT's Shakespeare uses. It can write only characters it was made with. */
export class CharacterTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly controlTokens: ReadonlyMap<string, number>;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #vocabulary: Vocabulary;

  constructor({ characters, controlTokens = new Map() }: CharacterParts) {
    this.controlTokens = controlTokens;
    this.#ids = new Map(Object.entries(characters).filter(([name]) => !controlTokens.has(name)));
    const utf8 = new TextEncoder();
    const tokens: (Uint8Array | undefined)[] = [];
    for (const [character, id] of [...this.#ids, ...controlTokens]) tokens[id] = utf8.encode(character);
    this.#vocabulary = new Vocabulary(Array.from(tokens), controlTokens.values());
    this.vocabSize = this.#vocabulary.size;
  }

  /**
   * The characters of a text, in order of code point, then the control tokens (none by default).
   * Throws DataError for an empty text.
   */
  static fromText(text: string, controlTokens: readonly string[] = []): CharacterTokenizer {
    checkControlTokens(controlTokens);
    const characters = [...new Set(text)].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
    if (characters.length === 0) throw new DataError('There is no text to take characters from.');
    return new CharacterTokenizer({
      characters: Object.fromEntries(characters.map((character, id) => [character, id])),
      controlTokens: new Map(controlTokens.map((name, index) => [name, characters.length + index])),
    });
  }

  /** Throws DataError for a character that has no id. */
  encode(text: string): Int32Array {
    const ids = new Int32Array(text.length);
    let count = 0;
    for (const character of text) {
      const id = this.#ids.get(character);
      if (id === undefined) {
        throw new DataError(
          `The character ${JSON.stringify(character)} is not among the ${this.#ids.size} of this tokenizer.`,
          {
            advice: 'Train on text that has it, or use a byte-level tokenizer, which knows every character.',
          },
        );
      }
      ids[count++] = id;
    }
    return ids.slice(0, count);
  }

  decode(ids: ArrayLike<number>, options?: DecodeOptions): string {
    return this.#vocabulary.decode(ids, options);
  }

  decodeBytes(ids: ArrayLike<number>, options?: DecodeOptions): Uint8Array {
    return this.#vocabulary.decodeBytes(ids, options);
  }

  idOf(control: string): number {
    return controlTokenId(this.controlTokens, control);
  }

  bytesOf(id: number): Uint8Array {
    return this.#vocabulary.bytesOf(id);
  }

  withControlTokens(names: readonly string[]): CharacterTokenizer {
    checkControlTokens(names);
    const controlTokens = new Map(this.controlTokens);
    let next = this.vocabSize;
    for (const name of names) {
      if (this.#ids.has(name)) {
        throw new ConfigError(`controlTokens: ${JSON.stringify(name)} is a character of this tokenizer.`);
      }
      if (!controlTokens.has(name)) controlTokens.set(name, next++);
    }
    return new CharacterTokenizer({ characters: Object.fromEntries(this.#ids), controlTokens });
  }

  /** A BPE without merges: every reader of the format leaves characters as they are. */
  toJSON(): TokenizerJson {
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [...this.controlTokens].map(([name, id]) => addedTokenJson(name, id, true)),
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: { type: 'Fuse' },
      model: bpeModelJson(Object.fromEntries(this.#ids), []),
    };
  }
}
