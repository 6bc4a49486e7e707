import type { Place } from '../bad-rows.js';

/** Tasks of language understanding: texts, and which of a few answers is right. */

/** How a task's texts stand together (Radford et al. 2018, figure 1). */
export const taskKinds = ['classification', 'entailment', 'similarity', 'choice'] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface TaskExample extends Place {
  /** One text; two of entailment and of similarity; of a choice what comes before, and the choices. */
  readonly texts: readonly string[];
  /** Which label, or which choice. */
  readonly label: number;
}

export interface Task {
  readonly name: string;
  readonly title: string;
  readonly kind: TaskKind;
  /** Of a choice: A, B and so on. */
  readonly labels: readonly string[];
  readonly train: readonly TaskExample[];
  /** None of it is in `train`; undefined where the data has no part of its own for testing. */
  readonly test?: readonly TaskExample[];
}

/**
 * The sequences of texts that a model reads for an example: one; of similarity both orders, since neither text comes
 * first by nature; of a choice one for each.
 */
export function sequencesOf(kind: TaskKind, texts: readonly string[]): readonly (readonly string[])[] {
  const [first, ...others] = texts;
  if (kind === 'choice') return others.map((choice) => [first!, choice]);
  return kind === 'similarity' ? [texts, [...texts].reverse()] : [texts];
}

/** A, B, C, … */
export const choiceLabels = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(65 + index));
