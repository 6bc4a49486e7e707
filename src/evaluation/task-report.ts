import { type Accuracy, accuracyOf } from './accuracy.js';

/** How well the examples of one class were found. */
export interface ClassFigure {
  readonly label: string;
  readonly examples: number;
  /** Share of the answers with this label that are right; null where there is none. */
  readonly precision: number | null;
  /** Share of the examples with this label that are found; null where there is none. */
  readonly recall: number | null;
}

/** Answers to a task, held against its labels. */
export interface TaskReport extends Pick<Accuracy, 'accuracy' | 'standardError'> {
  readonly examples: number;
  readonly classes: readonly ClassFigure[];
  /** [true label][answer] */
  readonly confusion: readonly (readonly number[])[];
}

/** @param answers int32 [N], places in `labels`, as those of `truth` are */
export function taskReport(answers: Int32Array, truth: Int32Array, labels: readonly string[]): TaskReport {
  const confusion = labels.map(() => labels.map(() => 0));
  answers.forEach((answer, index) => confusion[truth[index]!]![answer]!++);
  const total = (row: readonly number[]): number => row.reduce((sum, count) => sum + count, 0);
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const classes = labels.map((label, index) => {
    const examples = total(confusion[index]!);
    const found = confusion[index]![index]!;
    return {
      label,
      examples,
      precision: share(found, total(confusion.map((row) => row[index]!))),
      recall: share(found, examples),
    };
  });
  const { accuracy, standardError } = accuracyOf(answers, truth);
  return { accuracy, standardError, examples: answers.length, classes, confusion };
}

/** The label that most training examples have. */
export function majorityOf(labels: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts.indexOf(Math.max(...counts));
}

/** The place of the greatest number, the first of equals. */
export const greatest = (scores: ArrayLike<number>): number =>
  Array.from(scores).reduce((best, score, index, all) => (score > all[best]! ? index : best), 0);

/** Shares that sum to 1. */
export function probabilitiesOf(logits: ArrayLike<number>): number[] {
  const most = Math.max(...Array.from(logits));
  const weights = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
