import { DataError } from '../errors.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import type { Pixels } from '../tokenizer/chat.js';
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
  const targets = targetsOf(examples);
  const images = imagesOf(examples);
  const mostTargets = mostPerRow(targets, tokens, contextLength);
  const mostImages = Math.max(...images) > 0 ? mostPerRow(images, tokens, contextLength) : 0;
  const others = [
    { sizes: targets, limit: mostTargets },
    { sizes: images, limit: mostImages },
  ];
  const packEpoch = (number: number): PackedRow[] => {
    const random = counterRandom(seed, 'packing', number);
    const order = shuffle(
      random,
      Uint32Array.from(lengths, (_, index) => index),
    );
    return shuffle(random, packBestFit(lengths, contextLength + 1, { order, others }));
  };
  let epoch = 0;
  let row = 0;
  let rows = packEpoch(epoch);
  const nextRow = (): PackedRow => {
    if (row === rows.length) {
      row = 0;
      rows = packEpoch(++epoch);
    }
    return rows[row++]!;
  };
  return {
    batchSize,
    contextLength,
    tokensPerBatch: batchSize * contextLength,
    mostTargets: batchSize * mostTargets,
    ...(mostImages > 0 && { images: batchSize * mostImages }),
    next: () => buildBatch(options, Array.from({ length: batchSize }, nextRow), batchSize * mostImages),
    state: () => ({ epoch, row, examples: examples.length, tokens }),
    restore(state) {
      ({ epoch, row } = readPosition(state, ['epoch', 'row'], { examples: examples.length, tokens }));
      rows = packEpoch(epoch);
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
  const batches = Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, index) =>
    rows.slice(index * batchSize, (index + 1) * batchSize),
  );
  const counts = imagesOf(examples);
  const images = batches.reduce(
    (most, batch) =>
      Math.max(
        most,
        batch.flat().reduce((sum, index) => sum + counts[index]!, 0),
      ),
    0,
  );
  return {
    length: batches.length,
    ...(images > 0 && { images }),
    targets: targetsOf(examples).reduce((sum, count) => sum + count, 0),
    *[Symbol.iterator]() {
      for (const batch of batches) yield buildBatch(options, batch, images);
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

/** How many targets of each example count. The first token is nobody's target. */
const targetsOf = (examples: readonly Example[]): Int32Array =>
  Int32Array.from(examples, ({ loss }) => loss.reduce((sum, counts, index) => (index === 0 ? 0 : sum + counts), 0));

const imagesOf = (examples: readonly Example[]): Int32Array =>
  Int32Array.from(examples, ({ images }) => images?.length ?? 0);

/** Most targets or images that a row may have: so far above the mean that rows still fill, and room for the richest. */
function mostPerRow(counts: Int32Array, tokens: number, contextLength: number): number {
  const share = counts.reduce((sum, count) => sum + count, 0) / tokens;
  const richest = counts.reduce((most, count) => Math.max(most, count), 0);
  return Math.min(contextLength, Math.max(1, richest, Math.ceil(1.2 * share * contextLength)));
}

function buildBatch(
  options: PackedOptions & Partial<Segmented>,
  rows: readonly PackedRow[],
  imageCount: number,
): HostBatch | PackedBatch {
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
  const shown = rows.flat().flatMap((index) => examples[index]!.images ?? []);
  const images = imageCount > 0 && { images: imageValues(shown, imageCount) };
  return options.segments === true ? { tokens, mask, segments, positions, ...images } : { tokens, mask, ...images };
}

/** Pixels of images, all of one size, with zeros up to a number of them: float32 [count, C, H, W]. */
export function imageValues(images: readonly Pixels[], count: number): Float32Array {
  const size = images[0]?.pixels.length ?? 0;
  const values = new Float32Array(count * size);
  images.forEach(({ pixels }, index) => {
    values.set(pixels, index * size);
  });
  return values;
}
