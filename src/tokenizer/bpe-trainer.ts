import { ConfigError, DataError } from '../errors.js';
import { BYTE_ORDER } from './byte-alphabet.js';
import { ByteLevelTokenizer } from './byte-level-tokenizer.js';
import { checkControlTokens, CONTROL_TOKENS } from './control-tokens.js';
import { withRoomFor } from './growable.js';
import type { Merge } from './merges.js';
import { PairHeap } from './pair-heap.js';
import { PairTable } from './pair-table.js';
import { PieceCounter } from './piece-counts.js';
import type { TextSource } from './piece-counts.js';
import type { PieceTable } from './piece-table.js';
import { namedPreTokenizer } from './pre-tokenizer.js';
import { namedSplitter } from './split-pattern.js';
import type { SplitPatternName } from './split-pattern.js';

export interface TrainTokenizerOptions {
  /** What to learn from; see TextSource. Control tokens that it spells are taken as borders of documents. */
  text: TextSource;
  /** Ids in all: 256 bytes, merges, control tokens. A small text may end with fewer. */
  vocabSize: number;
  /** The least count at which a pair is merged. Default 2. */
  minFrequency?: number;
  /** Default CONTROL_TOKENS. They get the last ids. */
  controlTokens?: readonly string[];
  /** Default 'gpt2'. */
  pattern?: SplitPatternName;
  onProgress?: (progress: TrainTokenizerProgress) => void;
  signal?: AbortSignal;
}

/** `done` counts characters read (the total is not known), then merges made. */
export type TrainTokenizerProgress =
  { stage: 'reading'; done: number } | { stage: 'merging'; done: number; total: number };

/** Time between two breaths for the event loop. */
const BREATH_MILLISECONDS = 30;

/**
 * Trains a byte-level BPE tokenizer. The same text, in the same or another order or chunking of its documents, gives
 * the same tokenizer: of the most frequent pairs the one with the smallest ids is merged.
 *
 * Throws ConfigError for a vocabulary that cannot hold the 256 bytes and the control tokens, DataError for an empty
 * text.
 */
export async function trainTokenizer(options: TrainTokenizerOptions): Promise<ByteLevelTokenizer> {
  const { vocabSize, minFrequency = 2, controlTokens = CONTROL_TOKENS, pattern = 'gpt2' } = options;
  checkOptions(vocabSize, minFrequency, controlTokens);
  const pause = breather(options.signal);

  const counter = new PieceCounter(namedSplitter(pattern), controlTokens);
  for await (const chunk of options.text) {
    counter.add(chunk);
    if (await pause()) options.onProgress?.({ stage: 'reading', done: counter.unitsRead });
  }
  counter.finish();
  if (counter.pieces.size === 0) {
    throw new DataError('There is no text to train a tokenizer on.', { advice: 'Check the files that were named.' });
  }

  const merging = new MergeTraining(counter.pieces, Math.max(1, minFrequency));
  const total = vocabSize - 256 - controlTokens.length;
  while (merging.merges.length < total && merging.step()) {
    if (await pause()) options.onProgress?.({ stage: 'merging', done: merging.merges.length, total });
  }
  return assemble(merging.merges, controlTokens, pattern);
}

function checkOptions(vocabSize: number, minFrequency: number, controlTokens: readonly string[]): void {
  checkControlTokens(controlTokens);
  const least = 256 + controlTokens.length;
  if (!Number.isInteger(vocabSize) || vocabSize < least) {
    throw new ConfigError(
      `vocabSize is ${String(vocabSize)}, but 256 bytes and ${String(controlTokens.length)} control tokens need ${String(least)}.`,
      { advice: `Set vocabSize to ${String(least)} or more; every id beyond that is a merge.` },
    );
  }
  if (!(minFrequency >= 0)) {
    throw new ConfigError(`minFrequency is ${String(minFrequency)}; it must be 0 or more.`);
  }
}

/** Lets the event loop run now and then; says whether it did. Throws the signal's reason when aborted. */
function breather(signal: AbortSignal | undefined): () => Promise<boolean> | false {
  let last = performance.now();
  return () => {
    if (performance.now() - last < BREATH_MILLISECONDS) return false;
    return new Promise<boolean>((resolve) => setTimeout(resolve, 0, true)).then((value) => {
      signal?.throwIfAborted();
      last = performance.now();
      return value;
    });
  };
}

function assemble(
  merges: readonly Merge[],
  controlTokens: readonly string[],
  pattern: SplitPatternName,
): ByteLevelTokenizer {
  const tokens = Array.from(BYTE_ORDER, (byte) => Uint8Array.of(byte));
  for (const { left, right, merged } of merges) {
    tokens[merged] = Uint8Array.of(...(tokens[left] ?? []), ...(tokens[right] ?? []));
  }
  return new ByteLevelTokenizer({
    tokens,
    merges,
    preTokenizer: namedPreTokenizer(pattern),
    controlTokens: new Map(controlTokens.map((name, index) => [name, tokens.length + index])),
  });
}

/**
 * The merge loop. Every different piece is kept once, as a sequence of ids with its count; a merge touches only the
 * pieces that hold its pair (an index by pair finds them), and corrects the counts of the neighbouring pairs.
 */
class MergeTraining {
  readonly merges: Merge[] = [];
  readonly #minFrequency: number;
  readonly #pairs = new PairTable();
  readonly #heap = new PairHeap(this.#pairs);
  /** Of each pair: its count, and its first entry in the index. */
  #counts = new Float64Array(1024);
  #firstEntry = new Int32Array(1024);
  /** The index: linked lists of pieces. Entry 0 ends a list. A piece stays listed when it has lost the pair. */
  #entryPiece = new Int32Array(4096);
  #nextEntry = new Int32Array(4096);
  #entries = 1;
  /** The pieces: ids in one memory, where each begins, how many ids are left of it, how often it occurs. */
  #ids = new Int32Array(4096);
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #pieceCounts: Float64Array;

  constructor(pieces: PieceTable, minFrequency: number) {
    this.#minFrequency = minFrequency;
    this.#starts = new Int32Array(pieces.size);
    this.#lengths = new Int32Array(pieces.size);
    this.#pieceCounts = pieces.values.slice(0, pieces.size);
    this.#readPieces(pieces);
    this.#pushFrom(0);
  }

  /** Makes the next merge; false when no pair is frequent enough. */
  step(): boolean {
    const slot = this.#takeMostFrequent();
    if (slot < 0) return false;
    const left = this.#pairs.left[slot] as number;
    const right = this.#pairs.right[slot] as number;
    const merged = 256 + this.merges.length;
    this.merges.push({ left, right, merged });
    const firstNewPair = this.#pairs.size;
    for (let entry = this.#firstEntry[slot] as number; entry !== 0; entry = this.#nextEntry[entry] as number) {
      this.#mergeInPiece(this.#entryPiece[entry] as number, left, right, merged);
    }
    this.#counts[slot] = 0;
    this.#pushFrom(firstNewPair);
    return true;
  }

  /** Counts in the heap may be too high by now (never too low): such a pair goes back with its present count. */
  #takeMostFrequent(): number {
    for (;;) {
      const count = this.#heap.topCount;
      if (count < this.#minFrequency) return -1;
      const slot = this.#heap.pop();
      const present = this.#counts[slot] as number;
      if (present === count) return slot;
      if (present >= this.#minFrequency) this.#heap.push(slot, present);
    }
  }

  #pushFrom(first: number): void {
    for (let slot = first; slot < this.#pairs.size; slot++) {
      const count = this.#counts[slot] as number;
      if (count >= this.#minFrequency) this.#heap.push(slot, count);
    }
  }

  #readPieces(pieces: PieceTable): void {
    const idOfByte = new Int32Array(256);
    for (const [id, byte] of BYTE_ORDER.entries()) idOfByte[byte] = id;
    const utf8 = new TextEncoder();
    let used = 0;
    for (let piece = 0; piece < pieces.size; piece++) {
      const bytes = utf8.encode(pieces.piece(piece));
      this.#ids = withRoomFor(this.#ids, used + bytes.length);
      this.#starts[piece] = used;
      this.#lengths[piece] = bytes.length;
      const count = this.#pieceCounts[piece] as number;
      for (let index = 0; index < bytes.length; index++) {
        const id = idOfByte[bytes[index] as number] as number;
        this.#ids[used] = id;
        if (index > 0) this.#addPair(this.#ids[used - 1] as number, id, piece, count);
        used++;
      }
    }
  }

  #mergeInPiece(piece: number, left: number, right: number, merged: number): void {
    const ids = this.#ids;
    const start = this.#starts[piece] as number;
    const end = start + (this.#lengths[piece] as number);
    const count = this.#pieceCounts[piece] as number;
    let write = start;
    for (let read = start; read < end; read++, write++) {
      const id = ids[read] as number;
      if (id !== left || read + 1 === end || ids[read + 1] !== right) {
        ids[write] = id;
        continue;
      }
      read++;
      if (write > start) {
        const before = ids[write - 1] as number;
        this.#subtract(before, left, count);
        this.#addPair(before, merged, piece, count);
      }
      if (read + 1 < end) {
        const after = ids[read + 1] as number;
        this.#subtract(right, after, count);
        this.#addPair(merged, after, piece, count);
      }
      ids[write] = merged;
    }
    this.#lengths[piece] = write - start;
  }

  #subtract(left: number, right: number, count: number): void {
    const slot = this.#pairs.find(left, right);
    if (slot >= 0) (this.#counts[slot] as number) -= count;
  }

  #addPair(left: number, right: number, piece: number, count: number): void {
    const slot = this.#pairs.add(left, right);
    this.#counts = withRoomFor(this.#counts, this.#pairs.size);
    this.#firstEntry = withRoomFor(this.#firstEntry, this.#pairs.size);
    (this.#counts[slot] as number) += count;
    const first = this.#firstEntry[slot] as number;
    if (first !== 0 && this.#entryPiece[first] === piece) return;
    const entry = this.#entries++;
    this.#entryPiece = withRoomFor(this.#entryPiece, this.#entries);
    this.#nextEntry = withRoomFor(this.#nextEntry, this.#entries);
    this.#entryPiece[entry] = piece;
    this.#nextEntry[entry] = first;
    this.#firstEntry[slot] = entry;
  }
}
