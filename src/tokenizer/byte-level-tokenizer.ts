import { FormatError } from '../errors.js';
import { BYTE_CHARACTERS, spellBytes } from './byte-alphabet.js';
import { byteLevelJson } from './byte-level-parts.js';
import type { ByteLevelParts } from './byte-level-parts.js';
import { checkControlTokens, controlTokenId, literalPattern } from './control-tokens.js';
import { withRoomFor } from './growable.js';
import { Merger } from './merges.js';
import { PieceTable } from './piece-table.js';
import type { TokenizerJson } from './tokenizer-json.js';
import type { DecodeOptions, Tokenizer } from './tokenizer.js';
import { byteRuns, utf8Decoder } from './utf8.js';
import { Vocabulary } from './vocabulary.js';

/** Pieces longer than this (in UTF-16 units) are merged anew each time: they hardly ever come twice. */
const LONGEST_CACHED_PIECE = 64;
const LARGEST_CACHE = 1 << 18;

/** Byte-level BPE (Radford et al. 2019): any bytes have an encoding, and decoding gives exactly them back. */
export class ByteLevelTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly controlTokens: ReadonlyMap<string, number>;
  readonly parts: Readonly<ByteLevelParts>;
  readonly #vocabulary: Vocabulary;
  readonly #merger: Merger;
  readonly #idOfByte = new Int32Array(256);
  readonly #wholePieces = new Map<string, number>();
  readonly #addedPattern: RegExp | undefined;

  /** Per piece: id + 1 when it is one token, else -(offset + 1) into `#sequences`; 0 when not encoded yet. */
  #cache = new PieceTable();
  /** Encodings of several tokens: length, then ids. */
  #sequences = new Int32Array(4096);
  #sequencesUsed = 0;

  #output = new Int32Array(1024);
  #count = 0;
  #bytes = new Uint8Array(256);
  #ids = new Int32Array(256);
  readonly #utf8 = new TextEncoder();

  constructor(parts: ByteLevelParts) {
    this.parts = parts;
    this.controlTokens = parts.controlTokens;
    const names = [...parts.controlTokens, ...(parts.addedTokens ?? [])];
    const tokens = [...parts.tokens];
    for (const [name, id] of names) tokens[id] = this.#utf8.encode(name);
    this.#vocabulary = new Vocabulary(tokens, parts.controlTokens.values());
    this.vocabSize = this.#vocabulary.size;
    this.#addedPattern = literalPattern((parts.addedTokens ?? new Map<string, number>()).keys());
    // A merge that would make a control token is left out: no text may yield one.
    const controlIds = new Set(parts.controlTokens.values());
    this.#merger = new Merger(parts.merges.filter((merge) => !controlIds.has(merge.merged)));
    this.#indexPieces(parts, new Set(names.map(([, id]) => id)));
  }

  #indexPieces({ tokens, ignoreMerges = false }: ByteLevelParts, named: ReadonlySet<number>): void {
    this.#idOfByte.fill(-1);
    for (const [id, bytes] of tokens.entries()) {
      if (!bytes || named.has(id)) continue;
      if (bytes.length === 1) this.#idOfByte[bytes[0] as number] = id;
      if (ignoreMerges) this.#wholePieces.set(spellBytes(bytes), id);
    }
    const missing = this.#idOfByte.indexOf(-1);
    if (missing >= 0) {
      throw new FormatError(
        `The vocabulary has no token for byte ${String(missing)} (${BYTE_CHARACTERS[missing] ?? ''}).`,
        { advice: 'A byte-level vocabulary needs all 256 bytes; train it again with trainTokenizer.' },
      );
    }
  }

  encode(text: string): Int32Array {
    this.#count = 0;
    this.#encodeText(text);
    return this.#output.slice(0, this.#count);
  }

  /**
   * Any bytes → ids; `decodeBytes` gives exactly them back. Valid UTF-8 is encoded as `encode` does (but not
   * normalised); what is not valid is merged as a piece of its own.
   */
  encodeBytes(bytes: Uint8Array): Int32Array {
    this.#count = 0;
    for (const { start, end, isText } of byteRuns(bytes)) {
      const run = bytes.subarray(start, end);
      if (isText) this.#encodeAdded(utf8Decoder().decode(run));
      else this.#mergeBytes(run);
    }
    return this.#output.slice(0, this.#count);
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

  withControlTokens(names: readonly string[]): ByteLevelTokenizer {
    checkControlTokens(names);
    const controlTokens = new Map(this.controlTokens);
    const addedTokens = new Map(this.parts.addedTokens);
    let next = this.vocabSize;
    for (const name of names) {
      if (controlTokens.has(name)) continue;
      controlTokens.set(name, addedTokens.get(name) ?? next++);
      addedTokens.delete(name);
    }
    return new ByteLevelTokenizer({ ...this.parts, controlTokens, addedTokens });
  }

  toJSON(): TokenizerJson {
    return byteLevelJson(this.parts);
  }

  #encodeText(text: string): void {
    this.#encodeAdded(this.parts.preTokenizer.normalize?.(text) ?? text);
  }

  /** Takes the added tokens that a text spells as they are, and encodes what lies between them. */
  #encodeAdded(text: string): void {
    let start = 0;
    if (this.#addedPattern) {
      for (const match of text.matchAll(this.#addedPattern)) {
        this.#encodeStage(text.slice(start, match.index), 0);
        this.#push(this.parts.addedTokens?.get(match[0]) ?? 0);
        start = match.index + match[0].length;
      }
    }
    this.#encodeStage(start === 0 ? text : text.slice(start), 0);
  }

  #encodeStage(text: string, stage: number): void {
    const { splitters, prefixSpace } = this.parts.preTokenizer;
    if (prefixSpace && stage === 0 && text.length > 0 && !text.startsWith(' ')) text = ` ${text}`;
    const splitter = splitters[stage];
    if (!splitter) {
      if (text.length > 0) this.#encodePiece(text, 0, text.length);
      return;
    }
    const isLast = stage === splitters.length - 1;
    for (let start = 0; start < text.length;) {
      const end = splitter.next(text, start);
      if (isLast) this.#encodePiece(text, start, end);
      else this.#encodeStage(text.slice(start, end), stage + 1);
      start = end;
    }
  }

  #encodePiece(text: string, start: number, end: number): void {
    if (end - start > LONGEST_CACHED_PIECE) {
      this.#mergeText(text.slice(start, end));
      return;
    }
    const entry = this.#cache.entry(text, start, end);
    const value = this.#cache.values[entry] as number;
    if (value > 0) {
      this.#push(value - 1);
    } else if (value < 0) {
      let index = -value - 1;
      for (let left = this.#sequences[index] as number; left > 0; left--)
        this.#push(this.#sequences[++index] as number);
    } else {
      const first = this.#count;
      this.#mergeText(text.slice(start, end));
      this.#remember(entry, first);
    }
  }

  /** Stores the encoding that now stands at the end of the output. */
  #remember(entry: number, first: number): void {
    const length = this.#count - first;
    if (length === 1) {
      this.#cache.values[entry] = (this.#output[first] as number) + 1;
    } else {
      this.#sequences = withRoomFor(this.#sequences, this.#sequencesUsed + length + 1);
      this.#cache.values[entry] = -this.#sequencesUsed - 1;
      this.#sequences[this.#sequencesUsed] = length;
      this.#sequences.set(this.#output.subarray(first, this.#count), this.#sequencesUsed + 1);
      this.#sequencesUsed += length + 1;
    }
    if (this.#cache.size >= LARGEST_CACHE) {
      this.#cache = new PieceTable();
      this.#sequencesUsed = 0;
    }
  }

  #mergeText(piece: string): void {
    this.#bytes = withRoomFor(this.#bytes, piece.length * 3);
    const { written } = this.#utf8.encodeInto(piece, this.#bytes);
    this.#mergeBytes(this.#bytes.subarray(0, written));
  }

  #mergeBytes(bytes: Uint8Array): void {
    if (this.#wholePieces.size > 0) {
      const id = this.#wholePieces.get(spellBytes(bytes));
      if (id !== undefined) {
        this.#push(id);
        return;
      }
    }
    this.#ids = withRoomFor(this.#ids, bytes.length);
    for (let index = 0; index < bytes.length; index++) {
      this.#ids[index] = this.#idOfByte[bytes[index] as number] as number;
    }
    const count = this.#merger.merge(this.#ids, bytes.length);
    for (let index = 0; index < count; index++) this.#push(this.#ids[index] as number);
  }

  #push(id: number): void {
    if (this.#count === this.#output.length) this.#output = withRoomFor(this.#output, this.#count + 1);
    this.#output[this.#count++] = id;
  }
}
