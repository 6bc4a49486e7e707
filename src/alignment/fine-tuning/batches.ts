import { float32, int32 } from '../../tensor/index.js';
import { groupedEpochs } from '../../training/grouped-epochs.js';
import {
  type Answered,
  type RowShape,
  layOutAnswers,
  rowArrays,
  rowSpec,
  rowsFor,
  sharedPrompt,
  timeFor,
  tokensOf,
} from '../answer-rows.js';
import type { EncodedExample } from './inputs.js';

/** Examples as batches: sequences packed into rows, each blind to the others, so that short texts leave little empty. */

export interface ClassificationShape extends RowShape {
  /** Examples of a batch, at most. */
  readonly examples: number;
  /** Sequences of each example. */
  readonly sequences: number;
  /** The token of a sequence whose state is read. */
  readonly reads: 'first' | 'last';
}

/** What sequences begin with alike is laid out once for a model that only looks back, which reads the last token. */
function layOut({ sequences }: EncodedExample, reads: ClassificationShape['reads']): Answered[] {
  if (reads === 'last' && sequences.length > 1) return [sharedPrompt(sequences)];
  return sequences.map((sequence) => ({ prompt: new Int32Array(0), answers: [sequence] }));
}

const longestOf = (examples: readonly EncodedExample[]): number =>
  examples.reduce((most, { sequences }) => Math.max(most, ...sequences.map(({ length }) => length)), 0);

/** A shape for so many examples of the usual length, and for the longest in any case. */
export function classificationShape(
  examples: readonly EncodedExample[],
  { batchSize, padToken, reads }: { batchSize: number; padToken: number; reads: ClassificationShape['reads'] },
): ClassificationShape {
  const groups = examples.map((example) => layOut(example, reads));
  const time = timeFor(longestOf(examples));
  const tokens = groups.flat().reduce((sum, each) => sum + tokensOf(each), 0);
  const usual = Math.ceil((1.1 * batchSize * tokens) / examples.length / time);
  const rows = groups.reduce((most, group) => Math.max(most, rowsFor(group, time)), usual);
  return { examples: batchSize, sequences: examples[0]!.sequences.length, rows, time, padToken, reads };
}

/** Predictions of a batch: each token's, and one more wherever sequences part. */
const predictionsOf = ({ rows, time, examples, sequences }: ClassificationShape): number =>
  rows * time + examples * sequences;

export const classificationSpec = (shape: ClassificationShape) => ({
  ...rowSpec(shape),
  places: int32(shape.examples * shape.sequences),
  labels: int32(shape.examples),
  weights: float32(shape.examples),
  from: int32(predictionsOf(shape)),
  targets: int32(predictionsOf(shape)),
  shares: float32(predictionsOf(shape)),
});

/**
 * `places`: where each sequence is read. `weights`: 1/n of each of n examples, 0 of those that only fill the shape. And the
 * language model's predictions: `from` which place, which token (`targets`), and its share in a mean over sequences of
 * means over their tokens.
 */
export function classificationBatch(examples: readonly EncodedExample[], shape: ClassificationShape) {
  const groups = examples.map((example) => layOut(example, shape.reads));
  const list = groups.flat();
  const rows = layOutAnswers(list, shape);
  const places = new Int32Array(shape.examples * shape.sequences);
  const [labels, weights] = [new Int32Array(shape.examples), new Float32Array(shape.examples)];
  const size = predictionsOf(shape);
  const [from, targets, shares] = [new Int32Array(size), new Int32Array(size), new Float32Array(size)];
  let next = 0;
  const predict = (place: number, target: number, share: number): void => {
    [from[next], targets[next], shares[next]] = [place, target, share];
    next++;
  };
  let [group, sequence] = [0, 0];
  const each = 1 / (examples.length * shape.sequences);
  for (const [index, { label }] of examples.entries()) {
    labels[index] = label;
    weights[index] = 1 / examples.length;
    for (const { prompt, answers } of groups[index]!) {
      const at = rows.places[group++]!;
      const perToken = answers.map((answer) => each / Math.max(1, prompt.length + answer.length - 1));
      const shared = perToken.reduce((sum, share) => sum + share, 0);
      for (let token = 1; token < prompt.length; token++)
        predict(at[0]!.prompt - prompt.length + token, prompt[token]!, shared);
      answers.forEach((answer, number) => {
        const { prompt: before, answer: start } = at[number]!;
        places[sequence++] = shape.reads === 'last' ? start + answer.length - 1 : start;
        answer.forEach((target, token) => {
          if (token === 0 && prompt.length === 0) return;
          predict(token === 0 ? before : start + token - 1, target, perToken[number]!);
        });
      });
    }
  }
  return { ...rowArrays(rows), places, labels, weights, from, targets, shares };
}

/** Cuts a list into batches in order: as many examples as the shape holds. */
export function groupExamples(examples: readonly EncodedExample[], shape: ClassificationShape): EncodedExample[][] {
  const batches: EncodedExample[][] = [];
  let groups: Answered[] = [];
  let tokens = Infinity;
  for (const example of examples) {
    const laidOut = layOut(example, shape.reads);
    groups.push(...laidOut);
    tokens += laidOut.reduce((sum, each) => sum + tokensOf(each), 0);
    // Counting tokens is cheap and packing is not: most batches end by the number of examples.
    const fits = tokens <= (shape.rows - 1) * (shape.time / 2) || rowsFor(groups, shape.time) <= shape.rows;
    if (batches.length === 0 || batches.at(-1)!.length === shape.examples || !fits) {
      batches.push([]);
      groups = laidOut;
      tokens = laidOut.reduce((sum, each) => sum + tokensOf(each), 0);
    }
    batches.at(-1)!.push(example);
  }
  return batches;
}

/** Shuffled epochs of batches. */
export const classificationSource = (examples: readonly EncodedExample[], shape: ClassificationShape, seed: number) =>
  groupedEpochs({
    items: examples,
    seed,
    purpose: 'order of examples',
    group: (items) => groupExamples(items, shape),
    batch: (items) => classificationBatch(items, shape),
    tokensPerBatch: shape.rows * shape.time,
    describe: () => `${examples.length} examples, up to ${shape.examples} a batch, seed ${seed}`,
  });
