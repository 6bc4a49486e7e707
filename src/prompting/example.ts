import type { Place } from '../data/bad-rows.js';

/** What is known of one example, by name. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** One example of a task, with where it stands. */
export interface TaskExample extends Place {
  readonly fields: Fields;
}

export interface TaskExamples {
  /** What shots are drawn from; empty where a source has no such split. */
  readonly train: readonly TaskExample[];
  /** What is measured on. */
  readonly test: readonly TaskExample[];
}
