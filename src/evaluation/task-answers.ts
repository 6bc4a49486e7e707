import type { Gpt } from '../families/autoregressive/gpt.js';
import { encodeContinuation, encodeText, slidingWindows, startOf, unitsOf } from '../prompting/encoding.js';
import type { Rendered } from '../prompting/prompts.js';
import type { TaskExample } from '../prompting/example.js';
import { stopWords } from '../prompting/stop-words.js';
import type { AnswerForm, Task } from '../prompting/task.js';
import type { Generator } from '../sampling/generator.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { ContinuationScorer, ScoredContinuation } from './continuations.js';
import type { Outcomes, ScoredChoice } from './task-metrics.js';

/** How a language model answers, in each of the four forms that a task may ask for. */

/** A language model that can be asked. */
export interface Subject {
  readonly model: Pick<Gpt, 'config'>;
  readonly tokenizer: Tokenizer;
  readonly scorer: ContinuationScorer;
  readonly generator: Generator;
}

/** A question that fits. */
export interface Posed {
  readonly example: TaskExample;
  readonly rendered: Rendered;
  readonly prompt: string;
  readonly shots: number;
}

export interface Answered {
  readonly outcome: Outcomes[AnswerForm];
  readonly joined: number;
  readonly said?: readonly string[];
}

export interface AnswerOptions {
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** An answer to each question. */
export function answerAll(
  subject: Subject,
  task: Task,
  posed: readonly Posed[],
  options: AnswerOptions,
): Promise<Answered[]> {
  switch (task.answer.by) {
    case 'choosing':
      return choose(subject, task.answer, posed, options);
    case 'predicting':
      return predict(subject, posed, options);
    case 'generating':
      return generate(subject, task.answer, posed, options);
    case 'reading':
      return read(subject, task.answer, posed, options);
  }
}

type AnswerOf<Form extends AnswerForm> = Extract<Task['answer'], { by: Form }>;

async function choose(
  { scorer, tokenizer }: Subject,
  { prior }: AnswerOf<'choosing'>,
  posed: readonly Posed[],
  options: AnswerOptions,
): Promise<Answered[]> {
  const encode = (prompt: string, choices: readonly string[]) =>
    choices.map((choice) => encodeContinuation(tokenizer, prompt, choice));
  const groups = posed.map(({ prompt, rendered }) => encode(prompt, rendered.choices));
  const scored = await scorer.score(groups, options);
  const priors = prior === undefined ? undefined : await priorsOf(scorer, encode, prior, posed, options);
  return posed.map(({ rendered }, index) => {
    const choices = rendered.choices.map((text, choice): ScoredChoice => {
      const { logProb, logProbs } = scored[index]![choice]!;
      const before = priors?.get(text);
      return {
        text,
        logProb,
        tokens: logProbs.length,
        bytes: unitsOf(text).bytes,
        ...(before !== undefined && { prior: before }),
      };
    });
    const joined = groups[index]!.filter((choice) => choice.joined).length;
    return { outcome: { choices, right: rendered.right }, joined };
  });
}

/** The log-probability of every choice behind the same prompt, each computed once. */
async function priorsOf(
  scorer: ContinuationScorer,
  encode: (prompt: string, choices: readonly string[]) => ReturnType<typeof encodeContinuation>[],
  prior: string,
  posed: readonly Posed[],
  options: AnswerOptions,
): Promise<Map<string, number>> {
  const texts = [...new Set(posed.flatMap(({ rendered }) => rendered.choices))];
  const { signal } = options;
  const scored = await scorer.score(
    texts.map((text) => encode(prior, [text])),
    { ...(signal && { signal }) },
  );
  return new Map(texts.map((text, index) => [text, scored[index]![0]!.logProb]));
}

async function predict(
  { scorer, tokenizer }: Subject,
  posed: readonly Posed[],
  options: AnswerOptions,
): Promise<Answered[]> {
  const encoded = posed.map(({ prompt, rendered }) => encodeContinuation(tokenizer, prompt, rendered.target));
  const scored = await scorer.score(
    encoded.map((one) => [one]),
    options,
  );
  return scored.map(([one], index) => ({
    outcome: { logProb: one!.logProb, likeliest: [...one!.likeliest] },
    joined: Number(encoded[index]!.joined),
  }));
}

async function generate(
  { tokenizer, generator }: Subject,
  form: AnswerOf<'generating'>,
  posed: readonly Posed[],
  { seed, signal, onProgress }: AnswerOptions,
): Promise<Answered[]> {
  const { maxTokens, stop, temperature, samples, extract, vote, avoid } = form;
  const generations = await generator.generateBatch({
    prompts: posed.map(({ prompt }) => encodeText(tokenizer, prompt)),
    samplesPerPrompt: samples,
    maxTokens,
    temperature,
    seed,
    stop,
    stopTokens: [...startOf(tokenizer)],
    ...(avoid === 'stop words' && { logitBias: avoided(tokenizer) }),
    ...(signal && { signal }),
    ...(onProgress && {
      onProgress: ({ finished, total }) => {
        onProgress(finished, total);
      },
    }),
  });
  signal?.throwIfAborted();
  return posed.map(({ rendered: { references } }, index) => {
    const said = generations.slice(index * samples, (index + 1) * samples).map(({ text }) => text);
    const found = said.map((text) => extracted(text, extract));
    return { outcome: { answers: vote ? [majority(found)] : found, references }, joined: 0, said };
  });
}

/** Tokens that are a stop word behind a space can never be drawn. */
export const avoided = (tokenizer: Tokenizer): Record<string, number> =>
  Object.fromEntries(
    [...stopWords].flatMap((word) => {
      const ids = tokenizer.encode(` ${word}`);
      return ids.length === 1 ? [[String(ids[0]), -1e9]] : [];
    }),
  );

/** The last match of a pattern, or its first group; without a pattern the text. */
export function extracted(text: string, pattern: string | undefined): string {
  if (pattern === undefined) return text.trim();
  const last = [...text.matchAll(new RegExp(pattern, 'gsu'))].at(-1);
  return (last?.[1] ?? last?.[0] ?? '').trim();
}

/** The answer given most often, of equals the first; no answer is one only where there is no other. */
export function majority(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of answers) if (each !== '') counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].reduce<[string, number]>((best, each) => (each[1] > best[1] ? each : best), ['', 0])[0];
}

async function read(
  subject: Subject,
  { stride }: AnswerOf<'reading'>,
  posed: readonly Posed[],
  options: AnswerOptions,
): Promise<Answered[]> {
  const texts = posed.map(({ prompt }) => prompt);
  const scored = await readTexts(subject, texts, { ...options, stride });
  return scored.map((outcome) => ({ outcome, joined: 0 }));
}

/**
 * How a model reads texts, each by itself, in windows that slide over it. A text begins behind the token that begins
 * documents; without such a token its first one is not told, and not counted.
 */
export async function readTexts(
  subject: Subject,
  texts: readonly string[],
  options: {
    stride?: number | undefined;
    signal?: AbortSignal;
    onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<Outcomes['reading'][]> {
  const { contextLength } = subject.model.config;
  const windows = texts.map((text) => {
    const ids = encodeText(subject.tokenizer, text);
    return slidingWindows(ids, { contextLength, stride: options.stride });
  });
  const scored = await subject.scorer.score(
    windows.flat().map((window) => [window]),
    options,
  );
  let next = 0;
  return texts.map((text, index) => {
    const own = scored.slice(next, (next += windows[index]!.length)).map(([window]) => window!);
    const tokens = own.reduce((sum, { logProbs }) => sum + logProbs.length, 0);
    return { nats: -sumOf(own), tokens, ...unitsOf(text) };
  });
}

const sumOf = (scored: readonly ScoredContinuation[]): number => scored.reduce((sum, { logProb }) => sum + logProb, 0);
