import type { Json } from './json.js';

/**
 * Token sequences: `tokens` int32 [batch, context + 1], `mask` float32 [batch, context] (1 where the target counts);
 * `images` float32 [images, channels, height, width], where there are some, in the order in which their tokens stand.
 */
export type HostBatch = Readonly<{ tokens: Int32Array; mask: Float32Array; images?: Float32Array }>;

/**
 * The same with several dialogues in a row: `segments` int32 [batch, context] numbers the dialogue of every input token
 * from 1 (0 is padding), `positions` int32 [batch, context] counts from 0 in each.
 */
export type PackedBatch = HostBatch & Readonly<{ segments: Int32Array; positions: Int32Array }>;

/** An endless stream of batches of one shape, whose position can be saved. */
export interface BatchSource<Batch extends HostBatch = HostBatch> {
  /** The next batch. The arrays belong to the caller. */
  next(): Batch;
  /** The position after the last `next`; `restore(state())` on an equal source makes it go on as this one would. */
  state(): Json;
  /** @throws DataError when the state is of another source. */
  restore(state: Json): void;
  /** One line for a log: what, how much, in which order. */
  describe(): string;
  readonly batchSize: number;
  readonly contextLength: number;
  /** batchSize * contextLength. */
  readonly tokensPerBatch: number;
  /** No batch counts more targets than this; all of them may count where it is left out. */
  readonly mostTargets?: number;
  /** How many images a batch has room for, where there are some. */
  readonly images?: number;
}

/** A finite list of batches that is the same each time it is read. Rows that only fill a shape have mask 0. */
export interface BatchList<Batch extends HostBatch = HostBatch> extends Iterable<Batch> {
  readonly length: number;
  /** Sum of the mask over all batches: the number of targets that count. */
  readonly targets: number;
  /** How many images a batch has room for, where there are some. */
  readonly images?: number;
  describe(): string;
}
