import { literalPattern } from './control-tokens.js';
import { PieceTable } from './piece-table.js';
import type { Splitter } from './split-pattern.js';
import { utf8Decoder } from './utf8.js';

/** Texts to learn from. A string is a whole document; byte chunks are one stream of UTF-8, cut anywhere. */
export type TextSource = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** How often each piece occurs; memory grows with the number of different pieces, not with the text. */
export class PieceCounter {
  readonly pieces = new PieceTable();
  /** UTF-16 units read so far. */
  unitsRead = 0;
  readonly #splitter: Splitter;
  readonly #borders: RegExp | undefined;
  readonly #longestBorder: number;
  #decoder = utf8Decoder();
  #rest = '';

  /** `borders`: names of control tokens, which are never part of a piece and end a document. */
  constructor(splitter: Splitter, borders: readonly string[]) {
    this.#splitter = splitter;
    this.#borders = literalPattern(borders);
    this.#longestBorder = Math.max(1, ...borders.map((name) => name.length));
  }

  add(chunk: string | Uint8Array): void {
    if (typeof chunk === 'string') {
      this.finish();
      this.unitsRead += chunk.length;
      this.#count(chunk);
      return;
    }
    const text = this.#decoder.decode(chunk, { stream: true });
    this.unitsRead += text.length;
    const waiting = this.#rest + text;
    const cut = this.#lastCertainBorder(waiting);
    this.#rest = waiting.slice(cut);
    this.#count(waiting.slice(0, cut));
  }

  /** Counts what is held back of a stream of bytes. */
  finish(): void {
    this.#count(this.#rest + this.#decoder.decode());
    this.#decoder = utf8Decoder();
    this.#rest = '';
  }

  #count(text: string): void {
    let start = 0;
    if (this.#borders) {
      for (const match of text.matchAll(this.#borders)) {
        this.#countDocument(text, start, match.index);
        start = match.index + match[0].length;
      }
    }
    this.#countDocument(text, start, text.length);
  }

  #countDocument(text: string, from: number, to: number): void {
    const document = from === 0 && to === text.length ? text : text.slice(from, to);
    const { pieces } = this;
    for (let start = 0; start < document.length;) {
      const end = this.#splitter.next(document, start);
      const entry = pieces.entry(document, start, end);
      (pieces.values[entry] as number)++;
      start = end;
    }
  }

  /**
   * The last place where a stream can be cut without changing its pieces: right after a control token, or after a
   * letter and before something that is none, which ends a piece in either pattern. What may still grow into a
   * control token lies beyond it.
   */
  #lastCertainBorder(text: string): number {
    let certain = 0;
    if (this.#borders) for (const match of text.matchAll(this.#borders)) certain = match.index + match[0].length;
    for (let index = text.length - this.#longestBorder; index > certain; index--) {
      const before = text.slice(Math.max(0, index - 2), index);
      if (/\p{L}$/u.test(before) && !/^\p{L}/u.test(text.slice(index, index + 2))) return index;
    }
    return certain;
  }
}
