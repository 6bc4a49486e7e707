import type { HostTree } from '../runtime/engine.js';
import { groupedEpochs } from '../training/grouped-epochs.js';
import type { TrainingSource } from '../training/phase.js';
import { type Answered, type RowShape, rowsFor, timeFor, tokensOf } from './answer-rows.js';

/** Batches of whole groups, each a prompt with its answers: rankings, and answers with votes. */

export interface GroupShape extends RowShape {
  /** Answers per batch, at most. */
  readonly answers: number;
}

/**
 * A shape that holds so many answers of the usual length in few rows, and the longest group in any case.
 *
 * @param options.longest tokens of the longest prompt and answer together
 */
export function groupShape(
  groups: readonly Answered[],
  { answers, longest, padToken }: { answers: number; longest: number; padToken: number },
): GroupShape {
  const time = timeFor(longest, groups);
  const tokens = groups.reduce((sum, group) => sum + tokensOf(group), 0);
  const count = groups.reduce((sum, group) => sum + group.answers.length, 0);
  const usual = Math.ceil((answers * tokens) / Math.max(1, count) / time);
  const rows = groups.reduce((most, group) => Math.max(most, rowsFor([group], time)), usual);
  return { answers, rows, time, padToken };
}

/** Cuts a list of examples into batches of whole groups, in order. */
export function groupIntoBatches<Example>(
  examples: readonly Example[],
  shape: GroupShape,
  groupOf: (example: Example) => Answered,
): Example[][] {
  const batches: Example[][] = [];
  let [answers, groups]: [number, Answered[]] = [Infinity, []];
  for (const example of examples) {
    const group = groupOf(example);
    answers += group.answers.length;
    groups.push(group);
    if (answers > shape.answers || rowsFor(groups, shape.time) > shape.rows) {
      batches.push([]);
      [answers, groups] = [group.answers.length, [group]];
    }
    batches.at(-1)!.push(example);
  }
  return batches;
}

export interface GroupSourceOptions<Example> extends GroupShape {
  readonly seed: number;
  readonly groupOf: (example: Example) => Answered;
  readonly batchOf: (examples: readonly Example[]) => HostTree;
  /** "120 rankings" */
  readonly describe: string;
}

export type GroupSource = TrainingSource & { readonly batchesPerEpoch: number };

/** Shuffled epochs of batches of groups. */
export function groupSource<Example>(examples: readonly Example[], options: GroupSourceOptions<Example>): GroupSource {
  const { seed, groupOf, batchOf, rows, time, answers } = options;
  const source = groupedEpochs({
    items: examples,
    seed,
    purpose: 'reward-order',
    group: (items) => groupIntoBatches(items, options, groupOf),
    batch: batchOf,
    tokensPerBatch: rows * time,
    describe: (): string => `${options.describe}, ${source.batchesPerEpoch} batches of up to ${answers} answers`,
  });
  return source;
}
