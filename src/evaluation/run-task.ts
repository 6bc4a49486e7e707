import { ConfigError, DataError } from '../errors.js';
import { fitShots, startOf } from '../prompting/encoding.js';
import type { MetricName } from '../prompting/metric-names.js';
import type { TaskExample, TaskExamples } from '../prompting/example.js';
import { ShotPool, joinPrompt, phrasingFor, render } from '../prompting/prompts.js';
import type { AnswerForm, Task } from '../prompting/task.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import { type Estimate, bootstrap } from './bootstrap.js';
import { type Posed, type Subject, answerAll } from './task-answers.js';
import { type Outcomes, metrics } from './task-metrics.js';

/** Puts the questions of a task to a model: so many examples before each, and nothing is learnt. */

/** What decides a result, beside the model and the task. */
export interface TaskSettings {
  /** Examples before each question, as many of them as fit. */
  readonly shots: number;
  readonly seed: number;
  /** Most questions. Default: all. */
  readonly limit?: number;
}

export interface TaskRunOptions extends TaskSettings {
  readonly task: Task;
  readonly examples: TaskExamples;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A question as the model met it, and what came of it: a line of the record. */
export interface TaskRecord {
  readonly file: string;
  readonly line: number;
  readonly shots: number;
  readonly prompt: string;
  readonly target: string;
  readonly outcome: Outcomes[AnswerForm];
  /** What a generating model said, before anything was made of it. */
  readonly said?: readonly string[];
}

export interface TaskResult {
  readonly task: string;
  readonly shots: {
    readonly asked: number;
    /** How many stood before a question: on average, and at least. */
    readonly mean: number;
    readonly least: number;
  };
  readonly questions: number;
  /** Questions that the context does not hold. */
  readonly leftOut: number;
  /** Answers whose first token began in the prompt, and was counted whole. */
  readonly joined: number;
  /** Accuracy of guessing, where there are choices. */
  readonly chance?: number;
  readonly figures: Readonly<Partial<Record<MetricName, Estimate>>>;
}

/**
 * @throws DataError when no question fits into the context
 * @throws ConfigError for a metric that the task's form of answer does not have
 */
export async function runTask(
  subject: Subject,
  options: TaskRunOptions,
): Promise<{ result: TaskResult; records: TaskRecord[] }> {
  const { task, examples, shots, seed, limit } = options;
  checkMetrics(task);
  const chosen = questionsOf(examples.test, { seed, limit });
  const pool = new ShotPool(task, examples);
  const posed = chosen.flatMap(
    ({ example, index }) => pose(subject, { task, pool, example, index, shots, seed }) ?? [],
  );
  if (posed.length === 0) {
    throw new DataError(`${task.name}: none of ${chosen.length} questions fits into the model's context`, {
      advice: `The context has ${subject.model.config.contextLength} tokens; a task with tooLong: cut cuts the question.`,
    });
  }
  const answered = await answerAll(subject, task, posed, options);
  const records = posed.map(({ example, rendered, prompt, shots: stood }, index): TaskRecord => {
    const { outcome, said } = answered[index]!;
    const { file, line } = example;
    return { file, line, shots: stood, prompt, target: rendered.target, outcome, ...(said && { said }) };
  });
  const figures: Partial<Record<MetricName, Estimate>> = {};
  for (const name of task.metrics) {
    const { row, figure } = metrics[name];
    const rows = records.map(({ outcome }) => row(outcome as never));
    figures[name] = bootstrap(bySharedExamples(task, posed, rows), figure, { seed });
  }
  const chance = chanceOf(posed);
  const counts = posed.map(({ shots: stood }) => stood);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return {
    result: {
      task: task.name,
      shots: { asked: shots, mean, least: Math.min(...counts) },
      questions: posed.length,
      leftOut: chosen.length - posed.length,
      joined: answered.reduce((sum, { joined }) => sum + joined, 0),
      ...(chance !== undefined && { chance }),
      figures,
    },
    records,
  };
}

/**
 * Questions whose examples are of one kind (`shots.within`) stand or fall together: they are drawn again as one, or the
 * errors would be too small.
 */
function bySharedExamples(task: Task, posed: readonly Posed[], rows: readonly (readonly number[])[]) {
  const { within } = task.shots;
  if (within === undefined) return rows;
  const groups = new Map<string, number[]>();
  posed.forEach(({ example }, index) => {
    const key = JSON.stringify(example.fields[within]);
    const sums = groups.get(key);
    groups.set(
      key,
      rows[index]!.map((value, column) => value + (sums?.[column] ?? 0)),
    );
  });
  return [...groups.values()];
}

/** What guessing would come to: a share of the choices. */
function chanceOf(posed: readonly Posed[]): number | undefined {
  if (posed[0]!.rendered.choices.length === 0) return undefined;
  return posed.reduce((sum, { rendered }) => sum + 1 / rendered.choices.length, 0) / posed.length;
}

function checkMetrics(task: Task): void {
  const wrong = task.metrics.find((name) => metrics[name].form !== task.answer.by);
  if (wrong !== undefined) {
    throw new ConfigError(
      `${task.name}: '${wrong}' is a metric of ${metrics[wrong].form}, and this task is of ${task.answer.by}`,
    );
  }
  if (task.answer.by !== 'choosing' || task.answer.prior !== undefined || !task.metrics.includes('accuracy by prior'))
    return;
  throw new ConfigError(`${task.name}: 'accuracy by prior' needs answer.prior, a prompt that asks nothing`);
}

/** The questions of a seed: the first of many are those of a smaller limit. */
function questionsOf(
  examples: readonly TaskExample[],
  { seed, limit = Infinity }: { seed: number; limit?: number | undefined },
): { example: TaskExample; index: number }[] {
  const all = examples.map((example, index) => ({ example, index }));
  return limit >= all.length ? all : shuffle(counterRandom(seed, 'questions', 0), all).slice(0, limit);
}

/** The prompt of a question, with as many shots as the context holds beside its longest answer. */
function pose(
  { model, tokenizer }: Subject,
  options: { task: Task; pool: ShotPool; example: TaskExample; index: number; shots: number; seed: number },
): Posed | undefined {
  const { task, pool, example, index, shots: count, seed } = options;
  const phrasing = phrasingFor(task, seed, index);
  const rendered = render(task, example, phrasing);
  if (task.answer.by === 'reading') return { example, rendered, prompt: rendered.prompt, shots: 0 };
  const drawn = pool.draw(example, { seed, index, count }).map((shot) => render(task, shot, phrasing));
  const { contextLength } = model.config;
  const room = contextLength - startOf(tokenizer).length;
  const { answer } = task;
  const answers = [rendered.target, ...rendered.choices];
  const fits = (prompt: string): boolean =>
    answer.by === 'generating'
      ? tokenizer.encode(prompt).length + answer.maxTokens <= room
      : answers.every((each) => tokenizer.encode(prompt + each).length <= room);
  const fitted = fitShots({
    shots: drawn,
    question: rendered.prompt,
    cut: task.tooLong === 'cut',
    join: (shots, question) => joinPrompt(task, shots, question),
    fits,
  });
  return fitted && { example, rendered, prompt: fitted.prompt, shots: fitted.shots.length };
}
