import { combineSequences, classificationLoss, outputsOf } from '../alignment/fine-tuning/classifier.js';
import { type Task, type TaskExample, sequencesOf } from '../data/tasks/task.js';
import { parameter } from '../nn/parameters.js';
import type { Engine } from '../runtime/engine.js';
import { add, expandDims, float32, gather, int32, mul, sum } from '../tensor/index.js';
import { trainStepsOn } from '../training/backend.js';
import { groupedEpochs, inChunks } from '../training/grouped-epochs.js';
import { phase } from '../training/phase.js';
import { train } from '../training/train.js';
import { withStore } from '../training/with-store.js';
import { greatest } from './task-report.js';

/**
 * The baseline that reads no order: multinomial logistic regression on the words of a text, weighed by how rare they are
 * (tf-idf). Of two texts each word says which it is in, and words of both say that they are.
 */

export interface BagOfWordsOptions {
  readonly engine: Engine;
  readonly task: Pick<Task, 'kind' | 'labels' | 'train'>;
  /** Different words at most, the most frequent. Default 20,000. */
  readonly vocabulary?: number;
  /** Passes over the training examples. Default 20. */
  readonly epochs?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Which answer it gives to each example. */
export type Answer = (examples: readonly Pick<TaskExample, 'texts'>[]) => Int32Array;

/** Words of lower-case letters, and numbers. */
export const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)*|\p{N}+/gu) ?? [];

/** What a sequence of texts holds: its words, marked by where they stand where there are several texts. */
function termsOf(texts: readonly string[]): string[] {
  if (texts.length === 1) return wordsOf(texts[0]!);
  const sets = texts.map((text) => new Set(wordsOf(text)));
  const terms = sets.flatMap((words, place) => [...words].map((word) => `${place} ${word}`));
  const shared = [...sets[0]!].filter((word) => sets.every((words) => words.has(word)));
  return [...terms, ...shared.map((word) => `both ${word}`)];
}

/** Some features of a long list that are not 0. */
interface Sparse {
  readonly indices: number[];
  readonly values: number[];
}

/** Words of the training texts with their weights ln((1 + n) / (1 + texts with it)) + 1; rows have length 1. */
function vectoriser(
  sequences: readonly (readonly string[])[],
  most: number,
): { size: number; of: (texts: readonly string[]) => Sparse } {
  const counts = new Map<string, number>();
  for (const texts of sequences)
    for (const term of new Set(termsOf(texts))) counts.set(term, (counts.get(term) ?? 0) + 1);
  // By frequency, equals by the alphabet: the same list on every machine.
  const kept = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most);
  const known = new Map(
    kept.map(([term, count], index) => [term, { index, weight: Math.log((1 + sequences.length) / (1 + count)) + 1 }]),
  );
  const of = (texts: readonly string[]): Sparse => {
    const found = new Map<number, number>();
    for (const term of termsOf(texts)) {
      const entry = known.get(term);
      if (entry) found.set(entry.index, (found.get(entry.index) ?? 0) + entry.weight);
    }
    const length = Math.sqrt([...found.values()].reduce((total, value) => total + value * value, 0)) || 1;
    return { indices: [...found.keys()], values: [...found.values()].map((value) => value / length) };
  };
  return { size: known.size, of };
}

const batchSize = 64;

/** Learns the baseline from a task's training examples. */
export async function bagOfWords(options: BagOfWordsOptions): Promise<Answer> {
  const { engine, task, vocabulary = 20_000, epochs = 20, seed = 0, signal } = options;
  const { kind, labels } = task;
  const texts = task.train.map((example) => sequencesOf(kind, example.texts));
  const { size, of } = vectoriser(texts.flat(), vocabulary);
  const rows = texts.map((sequences, index) => ({ sequences: sequences.map(of), label: task.train[index]!.label }));
  const outputs = outputsOf(kind, labels.length);
  const parameters = { weight: parameter([Math.max(1, size), outputs]), bias: parameter([outputs], { decay: false }) };
  const each = texts[0]!.length;
  const longest = rows.reduce(
    (most, { sequences }) => Math.max(most, ...sequences.map(({ indices }) => indices.length)),
    1,
  );
  const source = groupedEpochs({
    items: rows,
    seed,
    purpose: 'order of bags',
    group: inChunks(batchSize),
    batch: (items) => bagBatch(items, each, longest),
    tokensPerBatch: batchSize,
    describe: () => `${rows.length} bags of words`,
  });
  return withStore(engine, { specs: parameters, values: {}, trainable: true }, async (store) => {
    await train({
      stores: { model: store },
      phases: [
        phase({
          name: 'bag of words',
          source,
          parameters,
          batch: {
            indices: int32(batchSize, each, longest),
            values: float32(batchSize, each, longest),
            labels: int32(batchSize),
            weights: float32(batchSize),
          },
          loss: (p, batch) => {
            // Σ over words of value · weight[word]: [examples, sequences, outputs]
            const scores = sum(mul(gather(p.weight, batch.indices), expandDims(batch.values, -1)), { axes: 2 });
            const { loss } = classificationLoss(add(combineSequences(kind, scores), p.bias), batch);
            return { loss };
          },
        }),
      ],
      createStep: trainStepsOn(engine),
      settings: {
        steps: Math.max(1, Math.round(epochs * source.batchesPerEpoch)),
        seed,
        clipNorm: null,
        optimizer: { beta2: 0.999, weightDecay: 0.01 },
        schedule: { kind: 'linear', learningRate: 0.05, finalFraction: 0 },
      },
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    const { weight, bias } = (await store.read()) as { weight: Float32Array; bias: Float32Array };
    const scoresOf = ({ indices, values }: Sparse): number[] =>
      Array.from({ length: outputs }, (_, output) =>
        indices.reduce((total, index, at) => total + values[at]! * weight[index * outputs + output]!, 0),
      );
    return (examples) =>
      Int32Array.from(examples, (example) => {
        const scores = sequencesOf(kind, example.texts).map((sequence) => scoresOf(of(sequence)));
        if (kind === 'choice') return greatest(scores.map(([score]) => score!));
        return greatest(
          Array.from(bias, (value, output) => scores.reduce((total, row) => total + row[output]!, value)),
        );
      });
  });
}

function bagBatch(items: readonly { sequences: readonly Sparse[]; label: number }[], each: number, longest: number) {
  const indices = new Int32Array(batchSize * each * longest);
  const values = new Float32Array(indices.length);
  const [labels, weights] = [new Int32Array(batchSize), new Float32Array(batchSize)];
  items.forEach(({ sequences, label }, row) => {
    labels[row] = label;
    weights[row] = 1 / items.length;
    sequences.forEach((bag, number) => {
      const at = (row * each + number) * longest;
      indices.set(bag.indices, at);
      values.set(bag.values, at);
    });
  });
  return { indices, values, labels, weights };
}
