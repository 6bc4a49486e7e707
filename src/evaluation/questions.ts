import type { Message } from '../tokenizer/chat.js';
import { type Accuracy, accuracyOf } from './accuracy.js';
import type { Answerer } from './exam.js';

/** Questions to which there is one answer. */
export interface Question {
  readonly messages: readonly Message[];
  readonly answer: string;
}

export interface Answered<Asked extends Question> {
  readonly question: Asked;
  /** What the model said. */
  readonly said: string;
  readonly right: boolean;
}

/** Puts questions to a model. An answer that did not end is wrong. */
export async function askQuestions<Asked extends Question>(
  questions: readonly Asked[],
  answerer: Answerer,
  isRight: (said: string, question: Asked) => boolean,
): Promise<Answered<Asked>[]> {
  const answers = await answerer(questions.map(({ messages }) => messages));
  return questions.map((question, index) => {
    const { text, finished } = answers[index]!;
    const said = text.trim();
    return { question, said, right: finished && isRight(said, question) };
  });
}

/** The share of right answers. */
export const shareRight = (answers: readonly Answered<Question>[]): Accuracy =>
  accuracyOf(
    Int32Array.from(answers, ({ right }) => Number(right)),
    new Int32Array(answers.length).fill(1),
  );

/**
 * How far two texts use the same words, 0 to 1: the harmonic mean of precision and recall over words, each as often as it
 * occurs (the F1 of reading comprehension: Rajpurkar et al. 2016, section 6.1).
 */
export function wordOverlap(said: string, reference: string): number {
  const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const [given, wanted] = [wordsOf(said), wordsOf(reference)];
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of given) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common++;
  }
  return common === 0 ? 0 : (2 * common) / (given.length + wanted.length);
}
