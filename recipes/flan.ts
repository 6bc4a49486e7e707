import { join } from 'node:path';
import type { Recipe, RecipeOptions, RecipeResult, RecipeScale } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { modelAsAncestor } from '../src/cli/stages/examples.js';
import { pretrainSchema, supervisedSchema } from '../src/cli/stages/settings.js';
import { contentId, modelFolderOf } from '../src/cli/stages/stage.js';
import { superviseFineTuning } from '../src/cli/stages/supervised.js';
import { pretrainingDocuments } from '../src/data/almanac/index.js';
import type { Example } from '../src/data/examples.js';
import { hasTask } from '../src/data/tasks/read.js';
import { type LoadedModel, loadModel } from '../src/formats/model-folder.js';
import { builtInTask, defineTask } from '../src/prompting/built-in.js';
import { encodeContinuation } from '../src/prompting/encoding.js';
import { phrasingFor, render } from '../src/prompting/prompts.js';
import { readExamples } from '../src/prompting/sources.js';
import type { Task } from '../src/prompting/task.js';
import { CONTROL } from '../src/tokenizer/control-tokens.js';
import {
  beyondError,
  corpusOf,
  detailsOf,
  difference,
  evaluated,
  headlineOf,
  meanOver,
  pretrained,
  rowOf,
  smallModel,
  trainingFor,
} from './language.helper.js';
import { sizeOf } from './size.helper.js';

/**
 * Instruction tuning in FLAN's manner. A model reads passages that state facts of countries and elements. Then it learns
 * to follow instructions on clusters of tasks, each put in several ways; one cluster is held out entirely: no instruction
 * ever asks for it. What tuning on the others does for that one is the figure.
 */

const heldOut = 'language';
const attributes = ['capital', 'currency', 'continent', 'calling code', 'symbol', 'atomic number', 'group'] as const;

const phrasings = [
  'What is the {{attribute}} of {{entity}}?\nOPTIONS:\n{{listed}}\nANSWER:',
  'Choose the {{attribute}} of {{entity}}.\nOPTIONS:\n{{listed}}\nANSWER:',
  'OPTIONS:\n{{listed}}\nWhich of these is the {{attribute}} of {{entity}}?\nANSWER:',
  'About {{entity}}: which {{attribute}} is right?\nOPTIONS:\n{{listed}}\nANSWER:',
];

const cluster = (attribute: string, options: { seed?: number; all?: boolean } = {}): Task =>
  defineTask({
    name: `almanac-${attribute.replace(' ', '-')}`,
    source: { kind: 'generated', name: 'almanac', settings: { attribute, ...options } },
    prompt: phrasings,
    target: ' {{value}}',
    answer: { by: 'choosing', choices: { each: 'options' }, prior: 'ANSWER:' },
    metrics: ['accuracy', 'accuracy per token', 'accuracy by prior'],
  });

/** The same question as a sentence to go on with, which an untuned model has met the like of. */
const asSentence = (): Task =>
  defineTask({
    ...cluster(heldOut, { all: true }),
    name: `sentence-${heldOut}`,
    prompt: `The ${heldOut} of {{entity}} is`,
    answer: { by: 'choosing', choices: { each: 'options' }, prior: `The ${heldOut} is` },
  });

const sums = (seed: number): Task =>
  defineTask({
    name: 'sums',
    source: { kind: 'generated', name: 'sums', settings: { digits: 1, stories: 0, pool: 100, questions: 100, seed } },
    prompt: ['What is {{question}}?\nANSWER:', 'Add up: {{question}}\nANSWER:', '{{question}} makes what?\nANSWER:'],
    target: ' {{answer}}',
    answer: { by: 'predicting' },
    metrics: ['whole answer'],
  });

const realPrompts = {
  sst2: [
    'Review: {{review}}\nIs this review negative or positive?\nANSWER:',
    'Is the sentiment of "{{review}}" negative or positive?\nANSWER:',
  ],
  'ag-news': [
    '{{text}}\nWhich topic is this?\nOPTIONS:\n- World\n- Sports\n- Business\n- Technology\nANSWER:',
    'Name the topic (World, Sports, Business or Technology): {{text}}\nANSWER:',
  ],
};

/** Clusters of real tasks, where their data is. */
const real = (data: string | undefined): Task[] =>
  (['sst2', 'ag-news'] as const)
    .filter((name) => data !== undefined && hasTask(name, data))
    .map((name) => builtInTask(name, { prompt: realPrompts[name] }));

interface Setting {
  readonly model: { layers: number; heads: number; width: number };
  readonly documents: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly tuning: number;
  /** How often each fact is asked in training, with other options and in other words. */
  readonly rounds: number;
  readonly limit: number;
}

const settings: Readonly<Record<RecipeScale, Setting>> = {
  smoke: {
    model: { layers: 1, heads: 2, width: 16 },
    documents: 60,
    batchSize: 2,
    steps: 3,
    tuning: 3,
    rounds: 1,
    limit: 4,
  },
  cpu: {
    model: { layers: 4, heads: 4, width: 128 },
    documents: 19_000,
    batchSize: 12,
    steps: 2600,
    tuning: 700,
    rounds: 8,
    limit: 400,
  },
  gpu: {
    model: { layers: 8, heads: 8, width: 320 },
    documents: 60_000,
    batchSize: 48,
    steps: 6000,
    tuning: 3000,
    rounds: 30,
    limit: 400,
  },
};

/** Instructions with their answers as tokens; what the context does not hold is left out. */
async function instructions(
  model: LoadedModel,
  { rounds, limit, data }: { rounds: number; limit: number; data: string | undefined },
): Promise<Example[]> {
  const { tokenizer, config } = model;
  const end = tokenizer.idOf(CONTROL.endOfText);
  const examples: Example[] = [];
  for (let round = 0; round < rounds; round++) {
    // Options and phrasings are drawn anew; the seed of what is asked is another one.
    const seed = round + 2;
    for (const task of [...attributes.map((attribute) => cluster(attribute, { seed })), sums(seed), ...real(data)]) {
      const { train } = await readExamples(task.source, { ...(data !== undefined && { data }) });
      const start = (round * limit) % Math.max(1, train.length);
      const chosen = train.length <= limit ? train : train.slice(start, start + limit);
      chosen.forEach((example, index) => {
        const { prompt, target } = render(task, example, phrasingFor(task, seed, index));
        const { ids, from } = encodeContinuation(tokenizer, prompt, target);
        if (ids.length > config.contextLength) return;
        const loss = new Uint8Array(ids.length + 1).fill(1, from);
        examples.push({ ids: Int32Array.of(...ids, end), loss });
      });
    }
  }
  return examples;
}

const run = (options: RecipeOptions): Promise<RecipeResult> =>
  onEngine(options, async (context) => {
    const { scale, folder, data, signal, say } = options;
    const { model: shape, documents, batchSize, steps, tuning, rounds, limit } = settings[scale];
    const corpus = await corpusOf({
      folder,
      name: 'almanac passages',
      documents: pretrainingDocuments({ seed: 1, count: documents }),
      tokenizer: { vocabularySize: scale === 'smoke' ? 400 : 2048 },
      also: phrasings,
      signal,
    });
    const untuned = await pretrained(context, {
      folder: join(folder, 'pretrained'),
      corpus,
      config: pretrainSchema.parse({
        model: { ...shape, ...smallModel, contextLength: 128 },
        batchSize,
        training: trainingFor(steps, 4e-3, 2),
      }),
    });
    const examples = await instructions(untuned, { rounds, limit, data });
    say?.(`${examples.length} instructions to tune on, none of which asks for a ${heldOut}`);
    const out = join(folder, 'tuned');
    const id = await contentId(examples.map(({ ids }) => ids));
    await superviseFineTuning(context, {
      out,
      config: supervisedSchema.parse({
        batchSize: Math.ceil((2 * batchSize) / 3),
        pretrainingRows: 1,
        training: trainingFor(tuning, 2e-3, 2),
      }),
      parent: untuned,
      examples,
      pretraining: corpus.tokens.train,
      ancestors: [
        modelAsAncestor(untuned),
        { role: 'data', name: 'instructions', id, size: `${examples.length} instructions` },
      ],
    });
    const tuned = await loadModel(modelFolderOf(out));
    const tasks = [cluster(heldOut, { all: true }), asSentence(), ...attributes.map((attribute) => cluster(attribute))];
    const evaluations = await evaluated(context, {
      models: [untuned, tuned],
      tasks,
      limit,
      out: join(folder, 'evaluations'),
    });
    const of = (task: Task, model: LoadedModel) =>
      headlineOf(evaluations.find((each) => each.task === task.name && each.model === model.folder)!);
    const [asked, sentence, ...taught] = tasks as [Task, Task, ...Task[]];
    const gain = difference(of(asked, untuned), of(asked, tuned));
    const value = beyondError(gain);
    return {
      value,
      rows: [
        { metric: headline, value, target: 0, direction: 'at least' },
        rowOf(`${heldOut}, never asked for: not tuned`, of(asked, untuned)),
        rowOf(`${heldOut}, never asked for: tuned`, of(asked, tuned)),
        rowOf('gain of tuning on other clusters', gain),
        rowOf(`${heldOut} as a sentence to go on with: not tuned`, of(sentence, untuned)),
        rowOf(
          'the best of both for the model that is not tuned: gain over it',
          difference(
            [of(asked, untuned), of(sentence, untuned)].reduce((one, other) => (other.value > one.value ? other : one)),
            of(asked, tuned),
          ),
        ),
        rowOf('clusters tuned on, facts never asked for: not tuned', meanOver(taught.map((task) => of(task, untuned)))),
        rowOf('clusters tuned on, facts never asked for: tuned', meanOver(taught.map((task) => of(task, tuned)))),
      ],
      details: {
        instructions: examples.length,
        real: real(data).map(({ name }) => name),
        evaluations: detailsOf(evaluations),
        training: [untuned.lineage?.results, tuned.lineage?.results],
        ...sizeOf(tuned, [untuned]),
      },
      notes: [
        'Zero-shot: the most probable of four options behind an instruction; chance is 0.25. ± standard errors by bootstrap.',
        `Passages that are pretrained on state every ${heldOut}; no instruction asks for one.`,
        'Facts of the other clusters are asked about that no instruction asked about.',
      ],
    };
  });

const headline = `accuracy on ${heldOut}, tuned minus not tuned, less two standard errors`;

export const recipe: Recipe = {
  name: 'flan',
  title: 'FLAN: instructions for some tasks help with others',
  source:
    'after Wei et al. 2022, arXiv:2109.01652, figure 1: instruction tuning on other clusters beats the model before it',
  metric: headline,
  target: 0,
  direction: 'at least',
  scales: {
    smoke: 'a tiny model, 3 steps of each stage',
    cpu: '4 layers of width 128: 2,600 steps of 12 x 128 tokens, then 700 steps of instructions; about 5 minutes',
    gpu: '8 layers of width 320: 6,000 steps of 48 x 128 tokens, then 3,000 of instructions',
  },
  run,
};
