import type { Message } from '../../tokenizer/chat.js';

/** What a question is about. A status is asked by its code (404) and by its phrase (Not Found). */
export type Topic = 'country' | 'element' | 'code' | 'phrase' | 'sum' | 'plural';

export type AttributeName =
  | 'capital'
  | 'currency'
  | 'continent'
  | 'language'
  | 'calling code'
  | 'symbol'
  | 'atomic number'
  | 'group'
  | 'meaning'
  | 'code'
  | 'result'
  | 'plural';

/** Something one can ask about. */
export interface Entity {
  topic: Topic;
  /** As it stands inside a sentence: "the Netherlands", "gold", "404", "7 plus 5". */
  name: string;
  /** "the Netherlands'", "gold's". */
  possessive: string;
  /** Other names in use, that a question may have but an answer has not: "Holland". */
  aliases: readonly string[];
}

/** One value of one attribute of one entity. */
export interface Fact {
  /** Unique: "country/Peru/capital". */
  key: string;
  entity: Entity;
  attribute: AttributeName;
  value: string;
  /** Values that are right too: the other official languages, the other spelling. */
  alternatives: readonly string[];
}

/** How a question was chosen; what the report card has a line for. */
export const questionKinds = [
  'known',
  'paraphrase',
  'new opener',
  'follow-up its',
  'follow-up switch',
  'follow-up phrasing',
  'held-out fact',
  'misspelling',
  'invented name',
  'famous name',
  'not offered',
  'off topic',
  'small talk',
  'sum',
  'plural',
] as const;
export type QuestionKind = (typeof questionKinds)[number];

/** The kinds that ask for a fact training has taught, in other words or another place. */
export const taughtKinds: readonly QuestionKind[] = [
  'known',
  'paraphrase',
  'new opener',
  'follow-up its',
  'follow-up switch',
  'follow-up phrasing',
  'misspelling',
];

/** What is needed to judge an answer to the last message of a dialogue. */
export interface AlmanacItem {
  kind: QuestionKind;
  /** Unknown: no answer exists or it was never taught, and to say so is the right answer. */
  expects: 'answer' | 'refusal' | 'small talk';
  /** The best answer, word for word as it is taught. */
  reference: string;
  /** Every answer that counts as right, the reference among them. */
  accepted: readonly string[];
  /** What exactly was asked, in which words: the same in no two splits. */
  key: string;
}

/** A dialogue that ends with a user's message, and how to judge the reply. */
export interface AlmanacPrompt {
  messages: Message[];
  item: AlmanacItem;
}
