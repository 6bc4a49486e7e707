import type { PpoPrompt, PpoSample } from '../../alignment/ppo/rollouts.js';
import type { Documents } from '../../data/sources/documents.js';
import { mean } from '../../data/statistics.js';
import type { Answerer, ExamResult } from '../../evaluation/exam.js';
import type { Ancestor } from '../../formats/lineage.js';
import type { Message } from '../../tokenizer/chat.js';

/** A prompt whose sampled answers a labeler can rank. */
export interface LabelledPrompt {
  readonly messages: readonly Message[];
  /** One rank an answer, 0 for the best, equal for ties. */
  rank(answers: readonly { text: string; finished: boolean }[]): number[];
  /** True score of an answer, where one is known: shown beside the reward, never learnt from. */
  score?(answer: string, finished: boolean): number;
}

/** Rankings that people made beforehand. */
export interface GivenRanking {
  readonly messages: readonly Message[];
  readonly answers: readonly { readonly text: string; readonly rank: number }[];
}

/** What the pipeline is run on: the almanac, or one's own files. */
export interface Task {
  readonly name: string;
  /** What the tokenizer is trained on and the model pretrained on. */
  readonly documents: () => Documents;
  /** Text that only the tokenizer should have seen as well. */
  readonly tokenizerText: () => Iterable<string>;
  readonly chats: readonly (readonly Message[])[];
  readonly heldOutChats: readonly (readonly Message[])[];
  readonly rankings:
    { readonly prompts: readonly LabelledPrompt[] } | { readonly given: readonly GivenRanking[] } | undefined;
  /** What PPO practises on. */
  readonly prompts: readonly { readonly messages: readonly Message[]; readonly score?: LabelledPrompt['score'] }[];
  /** Examines a model; absent where nothing is known about right answers. */
  readonly exam?: (answerer: Answerer) => Promise<ExamResult>;
  readonly origins: Readonly<Record<'text' | 'chats' | 'rankings' | 'prompts', Ancestor>>;
}

export interface PracticePrompt extends PpoPrompt {
  readonly score?: LabelledPrompt['score'];
}

/** Mean true score of a round's answers, where it is known. */
export function trueScoreOf(samples: readonly PpoSample<PracticePrompt>[]): number | undefined {
  const scores = samples.flatMap(({ prompt, answer, finished }) => prompt.score?.(answer, finished) ?? []);
  return scores.length === 0 ? undefined : mean(scores);
}
