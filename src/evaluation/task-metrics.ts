import type { MetricName } from '../prompting/metric-names.js';
import type { AnswerForm } from '../prompting/task.js';
import { greatest } from './task-report.js';
import { exactMatch, rougeL, rougeN, tokenF1 } from './text-overlap.js';
import { bleuOf, bleuRow, chrfOf, chrfRow } from './translation.js';

/** What a metric makes of what a model did with an example. */

/** A text that may follow the prompt, and its log-probability there. */
export interface ScoredChoice {
  readonly text: string;
  /** Nats. */
  readonly logProb: number;
  readonly tokens: number;
  readonly bytes: number;
  /** Its log-probability behind a prompt that asks nothing. */
  readonly prior?: number;
}

export interface Outcomes {
  choosing: { readonly choices: readonly ScoredChoice[]; readonly right: number };
  predicting: { readonly logProb: number; readonly likeliest: readonly number[] };
  generating: { readonly answers: readonly string[]; readonly references: readonly string[] };
  reading: {
    /** Negative log-probability of the tokens that count. */
    readonly nats: number;
    readonly tokens: number;
    readonly words: number;
    readonly characters: number;
    readonly bytes: number;
  };
}

/** A figure is a function of sums over examples, which is what lets examples be drawn again (see `bootstrap`). */
export interface Metric<Form extends AnswerForm = AnswerForm> {
  readonly form: Form;
  readonly row: (outcome: Outcomes[Form]) => readonly number[];
  readonly figure: (sums: readonly number[]) => number;
}

const ratio = ([part, whole]: readonly number[]): number => part! / whole!;
const meanOf = <Form extends AnswerForm>(form: Form, score: (outcome: Outcomes[Form]) => number): Metric<Form> => ({
  form,
  row: (outcome) => [score(outcome), 1],
  figure: ratio,
});

/** What choices are compared by. */
const choiceScores = {
  accuracy: ({ logProb }: ScoredChoice) => logProb,
  'accuracy per token': ({ logProb, tokens }: ScoredChoice) => logProb / tokens,
  'accuracy per byte': ({ logProb, bytes }: ScoredChoice) => logProb / bytes,
  'accuracy by prior': ({ logProb, prior }: ScoredChoice) => logProb - (prior ?? NaN),
} as const;

const chosen = (score: (choice: ScoredChoice) => number): Metric<'choosing'> =>
  meanOf('choosing', ({ choices, right }) => Number(greatest(choices.map(score)) === right));

/** Of several answers each counts for its share; after a vote there is one. */
const overlap = (score: (answer: string, references: readonly string[]) => number): Metric<'generating'> =>
  meanOf('generating', ({ answers, references }) =>
    answers.reduce((sum, answer) => sum + score(answer, references) / answers.length, 0),
  );

const corpus = (
  row: (answer: string, references: readonly string[]) => readonly number[],
  figure: (sums: readonly number[]) => number,
): Metric<'generating'> => ({
  form: 'generating',
  row: ({ answers, references }) => {
    const rows = answers.map((answer) => row(answer, references));
    return rows[0]!.map((_, column) => rows.reduce((sum, each) => sum + each[column]!, 0));
  },
  figure,
});

const reading = (
  row: (outcome: Outcomes['reading']) => readonly number[],
  figure: (sums: readonly number[]) => number,
): Metric<'reading'> => ({ form: 'reading', row, figure });

const perplexity = (sums: readonly number[]): number => Math.exp(ratio(sums));
const bits = (sums: readonly number[]): number => ratio(sums) / Math.LN2;

const byName = {
  accuracy: chosen(choiceScores.accuracy),
  'accuracy per token': chosen(choiceScores['accuracy per token']),
  'accuracy per byte': chosen(choiceScores['accuracy per byte']),
  'accuracy by prior': chosen(choiceScores['accuracy by prior']),
  'whole answer': meanOf('predicting', ({ likeliest }) => Number(likeliest.every((each) => each === 1))),
  'last token': meanOf('predicting', ({ likeliest }) => likeliest.at(-1)!),
  'target perplexity per token': {
    form: 'predicting',
    row: ({ logProb, likeliest }) => [-logProb, likeliest.length],
    figure: perplexity,
  } satisfies Metric<'predicting'>,
  'target perplexity': {
    form: 'predicting',
    row: ({ logProb }) => [-logProb, 1],
    figure: perplexity,
  } satisfies Metric<'predicting'>,
  'exact match': overlap(exactMatch),
  'token f1': overlap(tokenF1),
  'rouge-1': overlap((answer, references) => rougeN(answer, references, 1)),
  'rouge-2': overlap((answer, references) => rougeN(answer, references, 2)),
  'rouge-l': overlap(rougeL),
  bleu: corpus(bleuRow, bleuOf),
  chrf: corpus(chrfRow, chrfOf),
  'perplexity per token': reading(({ nats, tokens }) => [nats, tokens], perplexity),
  'perplexity per word': reading(({ nats, words }) => [nats, words], perplexity),
  'bits per byte': reading(({ nats, bytes }) => [nats, bytes], bits),
  'bits per character': reading(({ nats, characters }) => [nats, characters], bits),
};

export const metrics: Readonly<Record<MetricName, Metric>> = byName as unknown as Record<MetricName, Metric>;
