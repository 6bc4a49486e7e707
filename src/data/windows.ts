import { DataError } from '../errors.js';
import { counterRandom, integer, shuffle } from '../tensor/random.js';
import type { BatchList, BatchSource, HostBatch } from './batch.js';
import { readPosition } from './state.js';
import type { TokenStore } from './token-store.js';

export interface WindowOptions {
  readonly tokens: TokenStore;
  readonly batchSize: number;
  readonly contextLength: number;
  readonly seed: number;
}

/**
 * Windows that begin anywhere, drawn with replacement: the batches of nanoGPT. Batch n is a function of (seed, n).
 *
 * @throws DataError when the tokens do not fill one window of contextLength + 1
 */
export function randomWindows(options: WindowOptions): BatchSource {
  const { tokens, batchSize, contextLength, seed } = options;
  requireWindow(tokens, contextLength);
  const starts = tokens.length - contextLength;
  let step = 0;
  return {
    batchSize,
    contextLength,
    tokensPerBatch: batchSize * contextLength,
    next() {
      const random = counterRandom(seed, 'random windows', step++);
      return readWindows(tokens, contextLength, batchSize, () => integer(random, starts));
    },
    state: () => ({ step, tokens: tokens.length }),
    restore(state) {
      step = readPosition(state, ['step'], { tokens: tokens.length }).step;
    },
    describe: () =>
      `${batchSize} random windows of ${contextLength} from ${count(tokens.length)} tokens (${tokens.name}), seed ${seed}`,
  };
}

/**
 * Every window once an epoch, next to each other and without overlap; shuffled anew in every epoch by (seed, epoch). A
 * batch may hold the last windows of one epoch and the first of the next, so none is left out.
 *
 * @param options.shuffle false keeps the order of the text. Default true.
 * @throws DataError when the tokens do not fill one window of contextLength + 1
 */
export function epochWindows(options: WindowOptions & { readonly shuffle?: boolean }): BatchSource {
  const { tokens, batchSize, contextLength, seed } = options;
  const shuffled = options.shuffle ?? true;
  requireWindow(tokens, contextLength);
  const windows = Math.floor((tokens.length - 1) / contextLength);
  let drawn = 0;
  let epochOfOrder = -1;
  const order = shuffled ? new Uint32Array(windows) : undefined;
  const nextStart = (): number => {
    const epoch = Math.floor(drawn / windows);
    if (order !== undefined && epoch !== epochOfOrder) {
      for (let i = 0; i < windows; i++) order[i] = i;
      shuffle(counterRandom(seed, 'epoch windows', epoch), order);
      epochOfOrder = epoch;
    }
    const place = drawn++ % windows;
    return (order?.[place] ?? place) * contextLength;
  };
  return {
    batchSize,
    contextLength,
    tokensPerBatch: batchSize * contextLength,
    next: () => readWindows(tokens, contextLength, batchSize, nextStart),
    state: () => ({ drawn, tokens: tokens.length }),
    restore(state) {
      drawn = readPosition(state, ['drawn'], { tokens: tokens.length }).drawn;
    },
    describe: () =>
      `${batchSize} windows of ${contextLength} from ${count(tokens.length)} tokens (${tokens.name}), ` +
      `${count(windows)} an epoch, ${shuffled ? `shuffled with seed ${seed}` : 'in order'}`,
  };
}

/**
 * The fixed batches that a model is evaluated on: windows without overlap, evenly spread over all tokens where there
 * are more than `maximumWindows`. Rows that only fill the last batch have mask 0.
 *
 * @throws DataError when the tokens do not fill one window of contextLength + 1
 */
export function evaluationWindows(
  options: Omit<WindowOptions, 'seed'> & { readonly maximumWindows?: number },
): BatchList {
  const { tokens, batchSize, contextLength, maximumWindows = Infinity } = options;
  requireWindow(tokens, contextLength);
  const windows = Math.floor((tokens.length - 1) / contextLength);
  const used = Math.max(1, Math.min(windows, Math.floor(maximumWindows)));
  const length = Math.ceil(used / batchSize);
  return {
    length,
    targets: used * contextLength,
    *[Symbol.iterator]() {
      for (let batch = 0; batch < length; batch++) {
        let index = batch * batchSize;
        const rows = Math.min(batchSize, used - index);
        const start = (): number => Math.floor((Math.min(index++, used - 1) * windows) / used) * contextLength;
        const read = readWindows(tokens, contextLength, batchSize, start);
        read.mask.fill(0, rows * contextLength);
        yield read;
      }
    },
    describe: () => `${count(used)} of ${count(windows)} windows of ${contextLength} (${tokens.name})`,
  };
}

function readWindows(tokens: TokenStore, contextLength: number, batchSize: number, start: () => number): HostBatch {
  const width = contextLength + 1;
  const ids = new Int32Array(batchSize * width);
  for (let row = 0; row < batchSize; row++) tokens.readInto(start(), ids.subarray(row * width, (row + 1) * width));
  return { tokens: ids, mask: new Float32Array(batchSize * contextLength).fill(1) };
}

function requireWindow(tokens: TokenStore, contextLength: number): void {
  if (tokens.length > contextLength) return;
  throw new DataError(
    `${tokens.name}: ${count(tokens.length)} tokens do not fill one window of ${contextLength} and its target`,
    { advice: 'Use more text, a larger share for this split, or a shorter context.' },
  );
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
