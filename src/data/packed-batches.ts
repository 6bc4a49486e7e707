import { DataError } from '../errors.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import type { BatchList, BatchSource, HostBatch, PackedBatch } from './batch.js';
import type { Example } from './examples.js';
import { packBestFit, type PackedRow } from './packing.js';
import { readPosition } from './state.js';

export interface PackedOptions {
  readonly examples: readonly Example[];
  readonly batchSize: number;
  readonly contextLength: number;
  /** The id of the padding token. */
  readonly padId: number;
}

interface Segmented {
  /** Adds segment numbers and positions, so that attention can stay inside a dialogue. */
  readonly segments: true;
}

/**
 * Endless batches of examples packed whole into rows of contextLength + 1 tokens. Every epoch packs anew in an order
 * drawn by (seed, epoch) and holds every example exactly once; a batch may join the end of one epoch to the next.
 *
 * @throws DataError when there are no examples, or one is longer than a row
 */
export function packedBatches(options: PackedOptions & { readonly seed: number } & Segmented): BatchSource<PackedBatch>;
export function packedBatches(options: PackedOptions & { readonly seed: number }): BatchSource;
export function packedBatches(
  options: PackedOptions & { readonly seed: number } & Partial<Segmented>,
): BatchSource<HostBatch | PackedBatch> {
  const { examples, batchSize, contextLength, seed } = options;
  const lengths = measure(options);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  let epoch = 0;
  let row = 0;
  let rows = packEpoch(lengths, contextLength, seed, epoch);
  const nextRow = (): PackedRow => {
    if (row === rows.length) {
      row = 0;
      rows = packEpoch(lengths, contextLength, seed, ++epoch);
    }
    return rows[row++]!;
  };
  return {
    batchSize,
    contextLength,
    tokensPerBatch: batchSize * contextLength,
    next: () => buildBatch(options, Array.from({ length: batchSize }, nextRow)),
    state: () => ({ epoch, row, examples: examples.length, tokens }),
    restore(state) {
      ({ epoch, row } = readPosition(state, ['epoch', 'row'], { examples: examples.length, tokens }));
      rows = packEpoch(lengths, contextLength, seed, epoch);
    },
    describe: () =>
      `${examples.length} examples packed into ${rows.length} rows of ${contextLength + 1} ` +
      `(${((100 * tokens) / (rows.length * (contextLength + 1))).toFixed(0)}% full), ${batchSize} rows a batch, seed ${seed}`,
  };
}

/** Every example once, packed, in batches that are always the same. */
export function packedList(options: PackedOptions & Segmented): BatchList<PackedBatch>;
export function packedList(options: PackedOptions): BatchList;
export function packedList(options: PackedOptions & Partial<Segmented>): BatchList<HostBatch | PackedBatch> {
  const { examples, batchSize, contextLength } = options;
  const rows = packBestFit(measure(options), contextLength + 1);
  const length = Math.ceil(rows.length / batchSize);
  let targets = 0;
  for (const { loss } of examples) for (let i = 1; i < loss.length; i++) targets += loss[i]!;
  return {
    length,
    targets,
    *[Symbol.iterator]() {
      for (let i = 0; i < rows.length; i += batchSize) yield buildBatch(options, rows.slice(i, i + batchSize));
    },
    describe: () => `${examples.length} examples packed into ${rows.length} rows of ${contextLength + 1}`,
  };
}

function measure(options: PackedOptions): Int32Array {
  const { examples, contextLength } = options;
  if (examples.length === 0) {
    throw new DataError('There are no examples to train on', { advice: 'Check the data and its bad rows.' });
  }
  return Int32Array.from(examples, ({ ids }, index) => {
    if (ids.length <= contextLength + 1 && ids.length > 0) return ids.length;
    throw new DataError(`Example ${index} has ${ids.length} tokens; a row holds 1 to ${contextLength + 1}`, {
      advice: 'Shorten or leave out long dialogues when encoding them.',
    });
  });
}

function packEpoch(lengths: Int32Array, contextLength: number, seed: number, epoch: number): PackedRow[] {
  const random = counterRandom(seed, 'packing', epoch);
  const order = shuffle(
    random,
    Uint32Array.from(lengths, (_, index) => index),
  );
  return shuffle(random, packBestFit(lengths, contextLength + 1, order));
}

function buildBatch(options: PackedOptions & Partial<Segmented>, rows: readonly PackedRow[]): HostBatch | PackedBatch {
  const { examples, batchSize, contextLength, padId } = options;
  const width = contextLength + 1;
  const tokens = new Int32Array(batchSize * width).fill(padId);
  const mask = new Float32Array(batchSize * contextLength);
  const segments = new Int32Array(options.segments === true ? mask.length : 0);
  const positions = new Int32Array(segments.length);
  rows.forEach((row, r) => {
    let at = 0;
    row.forEach((index, segment) => {
      const { ids, loss } = examples[index]!;
      tokens.set(ids, r * width + at);
      for (let i = 0; i < ids.length && at + i < contextLength; i++) {
        const input = r * contextLength + at + i;
        // The target of the last token would be the next dialogue's first: it never counts.
        if (i + 1 < ids.length) mask[input] = loss[i + 1]!;
        if (segments.length === 0) continue;
        segments[input] = segment + 1;
        positions[input] = i;
      }
      at += ids.length;
    });
  });
  return options.segments === true ? { tokens, mask, segments, positions } : { tokens, mask };
}
