import { formatPlace } from '../data/bad-rows.js';
import { ConfigError, DataError } from '../errors.js';
import { type Random, counterRandom, integer } from '../tensor/random.js';
import type { TaskExample } from './example.js';
import type { Task } from './task.js';
import { fill } from './template.js';

/** From the examples of a task to what a model reads. */

/** An example as text. */
export interface Rendered {
  readonly prompt: string;
  /** The right answer, with the space before it. */
  readonly target: string;
  /** All that may follow the prompt, where an answer is chosen. */
  readonly choices: readonly string[];
  /** Which of them is right. */
  readonly right: number;
  /** Every right answer, for metrics that compare texts. */
  readonly references: readonly string[];
}

/**
 * An example in the words of its task.
 *
 * @throws ConfigError where the right answer is none of the choices, DataError for a slot that has no field
 */
export function render(task: Task, example: TaskExample, phrasing = 0): Rendered {
  const { fields } = example;
  const { answer } = task;
  const write = (template: string): string => fill(template, fields, example);
  const prompt = write(phrasingsOf(task)[phrasing]!);
  const target = write(task.target);
  const listed = task.references === undefined ? undefined : fields[task.references];
  const references = listed === undefined ? [target.trim()] : typeof listed === 'string' ? [listed] : listed;
  if (answer.by !== 'choosing') return { prompt, target, choices: [], right: -1, references };
  const { choices: given } = answer;
  let choices: readonly string[];
  if ('each' in given) {
    const list = fields[given.each];
    if (!Array.isArray(list)) {
      throw new ConfigError(`${task.name}: choices.each: the field ${given.each} is no list`, {
        advice: 'Make it one: { from: a column, split: what stands between its parts }.',
      });
    }
    choices = (list as readonly string[]).map((choice) => fill(given.as, { ...fields, choice }, example));
  } else choices = given.map(write);
  const right = choices.indexOf(target);
  if (right >= 0) return { prompt, target, choices, right, references };
  throw new ConfigError(
    `${task.name}: the answer ${JSON.stringify(target)} of ${example.file}:${example.line} is none of its choices`,
    { advice: `They are ${choices.map((choice) => JSON.stringify(choice)).join(', ')}: mind spaces.` },
  );
}

const phrasingsOf = ({ prompt }: Task): readonly string[] => (typeof prompt === 'string' ? [prompt] : prompt);

/** Which of several phrasings an example has: by (seed, index). */
export const phrasingFor = (task: Task, seed: number, index: number): number =>
  integer(counterRandom(seed, `phrasing ${task.name}`, index), phrasingsOf(task).length);

/** The instruction, the shots with their answers, and the question. */
export const joinPrompt = (
  { instruction, separator }: Task,
  shots: readonly Pick<Rendered, 'prompt' | 'target'>[],
  question: string,
): string => instruction + [...shots.map(({ prompt, target }) => prompt + target), question].join(separator);

/** Examples as one text, as a prompt would show them: what a model reads that is to learn from such prompts. */
export function documentOf(task: Task, examples: readonly TaskExample[]): string {
  const parts = examples.map((example) => render(task, example));
  const last = parts.at(-1)!;
  return joinPrompt(task, parts.slice(0, -1), last.prompt) + last.target;
}

/**
 * The pools that shots are drawn from: the split that the task names, cut to what a question may have by its side.
 *
 * @throws ConfigError where shots are asked for and there is nothing to draw them from
 */
export class ShotPool {
  readonly #task: Task;
  readonly #examples: readonly TaskExample[];
  readonly #within = new Map<string, number[]>();

  constructor(task: Task, splits: { readonly train: readonly TaskExample[]; readonly test: readonly TaskExample[] }) {
    this.#task = task;
    this.#examples = splits[task.shots.from];
    const { within } = task.shots;
    if (within === undefined) return;
    this.#examples.forEach((example, index) => {
      const key = keyOf(example, within);
      this.#within.set(key, [...(this.#within.get(key) ?? []), index]);
    });
  }

  /**
   * Examples for one question, a function of (seed, index of the question) alone; the first of many are those that fewer
   * would be, so that a curve over shots changes nothing else. None is the question itself.
   */
  draw(question: TaskExample, options: { seed: number; index: number; count: number }): TaskExample[] {
    const { seed, index, count } = options;
    if (count === 0) return [];
    const { within, apart, from } = this.#task.shots;
    const places = within === undefined ? undefined : (this.#within.get(keyOf(question, within)) ?? []);
    const drawn: TaskExample[] = [];
    for (const place of inRandomOrder(counterRandom(seed, 'shots', index), places?.length ?? this.#examples.length)) {
      if (drawn.length === count) break;
      const example = this.#examples[places?.[place] ?? place]!;
      const isNear = apart !== undefined && keyOf(example, apart) === keyOf(question, apart);
      if (example !== question && !isNear) drawn.push(example);
    }
    if (drawn.length > 0) return drawn;
    throw new ConfigError(`${this.#task.name}: there are no examples to draw shots from in the split '${from}'`, {
      advice: "Ask for --shots 0, or name a split that the task's data has in shots.from.",
    });
  }
}

function keyOf({ fields, ...place }: TaskExample, name: string): string {
  const field = fields[name];
  if (field !== undefined) return JSON.stringify(field);
  throw new DataError(`${formatPlace(place)}: there is no field ${name}, by which shots are chosen`, {
    advice: `There are: ${Object.keys(fields).join(', ')}.`,
  });
}

/** 0 … size - 1 shuffled as they are asked for (Fisher and Yates, of which only the moved ones are kept). */
function* inRandomOrder(random: Random, size: number): Generator<number> {
  const moved = new Map<number, number>();
  for (let last = size - 1; last >= 0; last--) {
    const at = integer(random, last + 1);
    yield moved.get(at) ?? at;
    moved.set(at, moved.get(last) ?? last);
  }
}
