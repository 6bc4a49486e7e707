import type { Message } from '../../../tokenizer/chat.js';
import type { Standing } from './standings.js';

/** An answer, and what made it: equal model, seed and settings make it again. */
export interface CandidateAnswer {
  readonly text: string;
  readonly model: string;
  readonly seed: number;
  readonly temperature: number;
}

export interface LabelSet {
  readonly id: string;
  readonly name: string;
  /** For the labelers, in Markdown. */
  readonly guidelines: string;
  /** How many labelers judge each item. */
  readonly overlap: number;
  /** Share of the prompts that nothing is trained on. */
  readonly heldOut: number;
  readonly createdAt: string;
}

/** `waiting` has a prompt and no answers yet, `unrankable` answers that are all the same; `thumbs` comes from a chat. */
export type ItemKind = 'waiting' | 'ranking' | 'unrankable' | 'demonstration' | 'thumbs';

export interface LabelItem {
  readonly id: number;
  readonly kind: ItemKind;
  readonly messages: readonly Message[];
  readonly answers: readonly CandidateAnswer[];
  readonly heldOut: boolean;
}

/** What a labeler says of an item. */
export type Verdict =
  /** The place of each answer, 0 the best; equal ones tie. */
  | { readonly kind: 'ranking'; readonly ranks: readonly number[] }
  | { readonly kind: 'demonstration'; readonly text: string }
  /** For each answer 1, −1, or 0 for none. */
  | { readonly kind: 'thumbs'; readonly thumbs: readonly number[] }
  /** Left to others. */
  | { readonly kind: 'skip' }
  /** Looked at, and not to be judged: counts as a judgement. */
  | { readonly kind: 'unsure'; readonly reason?: string };

export interface Judgement {
  readonly id: number;
  readonly itemId: number;
  readonly labeler: string;
  readonly verdict: Verdict;
  readonly at: string;
}

/** How far a set is. */
export interface SetProgress extends LabelSet {
  readonly items: number;
  /** Prompts without answers yet. */
  readonly waiting: number;
  /** Items that as many labelers have judged as are to. */
  readonly done: number;
  readonly rankings: number;
  readonly demonstrations: number;
  readonly labelers: readonly { readonly name: string; readonly judgements: number }[];
  /** Krippendorff's alpha over pairs of answers; undefined where no item has two rankings. */
  readonly agreement?: number;
  /** Items that it is of. */
  readonly sharedItems: number;
  /** How answers of each model fared against those of the others, where the set has several models. */
  readonly models: readonly Standing[];
}
