import { z } from 'zod';
import { Choice, type Split } from '../../data/almanac/choice.js';
import { parseSettings } from '../../training/settings.js';
import type { Fields, TaskExample, TaskExamples } from '../example.js';
import { documentOf } from '../prompts.js';
import type { Task } from '../task.js';
import { askedAttributes } from './almanac.js';
import { type FunctionFamily, drawFunction, functionFamilies } from './functions.js';
import type { GeneratedName } from './names.js';
import { drawSum } from './sums.js';

/** Tasks whose examples are made. What is asked is of a split that training text has nothing of. */

const shared = {
  seed: z.int().min(0).default(1).describe('of all draws'),
  split: z.enum(['training', 'development', 'evaluation']).default('evaluation').describe('what is asked about'),
};

const inContextSchema = z.strictObject({
  ...shared,
  families: z.array(z.enum(functionFamilies)).min(1).default(functionFamilies).describe('kinds of functions'),
  functions: z.int().positive().default(100).describe('functions of each family, where it has so many'),
  questions: z.int().positive().default(4).describe('questions for each function'),
  pool: z.int().positive().default(40).describe('examples of each function that shots are drawn from'),
});

const sumsSchema = z.strictObject({
  ...shared,
  digits: z.int().positive().default(4).describe('digits of each number'),
  stories: z.number().min(0).max(1).default(0.3).describe('share of sums that are told as a story'),
  questions: z.int().positive().default(500),
  pool: z.int().positive().default(500).describe('sums that shots are drawn from'),
});

const almanacSchema = z.strictObject({
  seed: shared.seed,
  attribute: z.enum(askedAttributes).describe('what is asked of each entity'),
  options: z.int().min(2).default(4).describe('values to choose from'),
  all: z.boolean().default(false).describe('ask about every fact: where training asked about none of this kind'),
});

const listed = (fields: readonly Fields[], file: string): TaskExample[] =>
  fields.map((each, index) => ({ fields: each, file, line: index + 1 }));

type Generate = (settings: unknown) => TaskExamples | Promise<TaskExamples>;

const generators: Readonly<Record<GeneratedName, Generate>> = {
  'in-context': (settings) => inContextExamples(parseSettings(inContextSchema, settings, 'in-context')),
  sums: (settings) => {
    const { seed, split, digits, stories, questions, pool } = parseSettings(sumsSchema, settings, 'sums');
    const draw = (purpose: string, count: number, of: Split): TaskExample[] => {
      const choice = new Choice(seed, purpose);
      const fields = Array.from({ length: count }, () => drawSum(choice, { digits, split: of, storyShare: stories }));
      return listed(fields as unknown as Fields[], purpose);
    };
    return { train: draw('sums shown', pool, 'training'), test: draw('sums asked', questions, split) };
  },
  almanac: async (settings) => {
    const { all, ...asked } = parseSettings(almanacSchema, settings, 'almanac');
    // Only here: the almanac reads its packages when it is loaded.
    const { almanacFields } = await import('./almanac.js');
    const test = almanacFields(asked, all ? ['training', 'development', 'evaluation'] : ['evaluation']);
    return { train: listed(almanacFields(asked, ['training']), 'almanac'), test: listed(test, 'almanac') };
  },
};

/** @throws ConfigError naming the setting that is wrong */
export const generate = async (name: GeneratedName, settings: unknown): Promise<TaskExamples> =>
  generators[name](settings);

/** Different functions of a split. A small family has fewer than are asked for. */
function functionsOf(family: FunctionFamily, split: Split, { functions, seed }: z.output<typeof inContextSchema>) {
  const choice = new Choice(seed, `functions ${family} ${split}`);
  const found = new Map<string, ReturnType<typeof drawFunction>>();
  for (let tries = 0; found.size < functions && tries < 20 * functions; tries++) {
    const drawn = drawFunction(choice, family, split);
    found.set(drawn.name, drawn);
  }
  return [...found.values()];
}

function inContextExamples(settings: z.output<typeof inContextSchema>): TaskExamples {
  const { families, split, seed, questions, pool } = settings;
  const examples = (purpose: string, count: number): TaskExample[] =>
    listed(
      families.flatMap((family) =>
        functionsOf(family, split, settings).flatMap(({ name, example }) => {
          const choice = new Choice(seed, `${purpose} ${family} ${name}`);
          return Array.from({ length: count }, () => ({ ...example(choice), family, function: `${family} ${name}` }));
        }),
      ),
      purpose,
    );
  return { train: examples('functions shown', pool), test: examples('functions asked', questions) };
}

/**
 * Texts to train on: each shows one function of the training split, a line an example.
 */
export function functionDocuments(options: {
  seed: number;
  count: number;
  examples: number;
  families?: readonly FunctionFamily[];
}): string[] {
  const { seed, count, examples, families = functionFamilies } = options;
  return Array.from({ length: count }, (_, index) => {
    const choice = new Choice(seed, 'function documents', index);
    const { example } = drawFunction(choice, choice.pick(families), 'training');
    return Array.from({ length: examples }, () => example(choice))
      .map(({ input, output }) => `${input} ${output}`)
      .join('\n');
  });
}

/**
 * Texts to train on: each has sums of the training split in the words of one of some tasks, the tasks in turn.
 *
 * @param options.sums in a text
 */
export function sumDocuments(
  tasks: readonly Task[],
  options: { seed: number; count: number; sums: number; digits: number; stories?: number },
): string[] {
  const { seed, count, sums, digits, stories = 0.3 } = options;
  return Array.from({ length: count }, (_, index) => {
    const choice = new Choice(seed, 'sum documents', index);
    const task = tasks[index % tasks.length]!;
    const drawn = Array.from({ length: sums }, () =>
      drawSum(choice, { digits, split: 'training', storyShare: stories }),
    );
    return documentOf(task, listed(drawn as unknown as Fields[], 'sum documents'));
  });
}
