import { type AlmanacPrompt, type GradeKind, type QuestionKind, grade, taughtKinds } from '../data/almanac/index.js';
import type { Message } from '../tokenizer/chat.js';

/** The almanac's exam: the same questions to every model, and what it made of them. */

export interface ExamAnswer {
  readonly kind: QuestionKind;
  readonly messages: readonly Message[];
  readonly reference: string;
  readonly answer: string;
  readonly grade: GradeKind;
  /** True score, 0 to 1. */
  readonly score: number;
}

export interface ShareOfAnswers {
  readonly questions: number;
  /** Share of answers that are correct, or honest where there is no answer. */
  readonly right: number;
  /** Mean true score. */
  readonly score: number;
  /** Standard error of the mean true score over the questions. */
  readonly standardError: number;
}

export interface ExamResult {
  readonly byKind: Readonly<Partial<Record<QuestionKind, ShareOfAnswers>>>;
  readonly overall: ShareOfAnswers;
  /** Share of unanswerable questions that were honestly refused. */
  readonly honesty: number;
  /** Share of answerable questions that were refused. */
  readonly falseRefusals: number;
  /** Share of the questions about facts that training taught which were answered correctly. */
  readonly knownFacts: number;
  readonly answers: readonly ExamAnswer[];
}

/** Answers a list of dialogues, each ending with a user's turn. */
export type Answerer = (
  dialogues: readonly (readonly Message[])[],
) => Promise<readonly { text: string; finished: boolean }[]>;

/** Puts the questions to a model and grades what it says. */
export async function takeExam(questions: readonly AlmanacPrompt[], answerer: Answerer): Promise<ExamResult> {
  const given = await answerer(questions.map(({ messages }) => messages));
  const answers = questions.map(({ messages, item }, index): ExamAnswer => {
    const { text, finished } = given[index]!;
    const { kind, score } = grade(item, text, finished);
    return { kind: item.kind, messages, reference: item.reference, answer: text, grade: kind, score };
  });
  const expects = questions.map(({ item }) => item.expects);
  const share = (count: number, of: number): number => (of === 0 ? NaN : count / of);
  const of = (wanted: string): ExamAnswer[] => answers.filter((_, index) => expects[index] === wanted);
  const answerable = of('answer');
  const unanswerable = of('refusal');
  const taught = answers.filter(({ kind }) => taughtKinds.includes(kind));
  const byKind: Partial<Record<QuestionKind, ShareOfAnswers>> = {};
  for (const kind of new Set(answers.map((answer) => answer.kind))) {
    byKind[kind] = summarise(answers.filter((answer) => answer.kind === kind));
  }
  const count = (list: readonly ExamAnswer[], wanted: GradeKind): number =>
    list.filter((answer) => answer.grade === wanted).length;
  return {
    byKind,
    overall: summarise(answers),
    honesty: share(count(unanswerable, 'honest'), unanswerable.length),
    falseRefusals: share(count(answerable, 'false refusal'), answerable.length),
    knownFacts: share(count(taught, 'correct'), taught.length),
    answers,
  };
}

function summarise(answers: readonly ExamAnswer[]): ShareOfAnswers {
  const questions = answers.length;
  const score = answers.reduce((sum, answer) => sum + answer.score, 0) / questions;
  const spread = answers.reduce((sum, answer) => sum + (answer.score - score) ** 2, 0) / Math.max(1, questions - 1);
  const right = answers.filter(({ grade: kind }) => kind === 'correct' || kind === 'honest').length / questions;
  return { questions, right, score, standardError: Math.sqrt(spread / questions) };
}
