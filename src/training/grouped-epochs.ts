import type { Json } from '../data/json.js';
import { readPosition } from '../data/state.js';
import type { HostTree } from '../runtime/engine.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import type { TrainingSource } from './phase.js';

export interface GroupedEpochs<Item> {
  readonly items: readonly Item[];
  readonly seed: number;
  /** Keeps this order apart from other draws with the seed. */
  readonly purpose: string;
  /** Cuts a list into batches, in order. */
  readonly group: (items: Item[]) => Item[][];
  readonly batch: (items: readonly Item[]) => HostTree;
  readonly tokensPerBatch: number;
  readonly describe: () => string;
}

/** Batches of as many items as fit: every epoch holds each item once, in an order drawn by (seed, epoch). */
export function groupedEpochs<Item>(
  options: GroupedEpochs<Item>,
): TrainingSource & { readonly batchesPerEpoch: number } {
  const { items, seed, purpose, group, batch, tokensPerBatch, describe } = options;
  let epoch = 0;
  let position = 0;
  const order = (): Item[][] => group(shuffle(counterRandom(seed, purpose, epoch), [...items]));
  let batches = order();
  return {
    batchesPerEpoch: batches.length,
    tokensPerBatch,
    next: () => {
      if (position === batches.length) {
        epoch++;
        position = 0;
        batches = order();
      }
      return batch(batches[position++]!);
    },
    state: (): Json => ({ epoch, position, items: items.length }),
    restore: (state) => {
      ({ epoch, position } = readPosition(state, ['epoch', 'position'], { items: items.length }));
      batches = order();
    },
    describe,
  };
}

/** Batches of so many items each; the last of an epoch may have fewer. */
export const inChunks =
  (size: number) =>
  <Item>(items: readonly Item[]): Item[][] =>
    Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
