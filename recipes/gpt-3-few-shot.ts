import { join } from 'node:path';
import { curveDrawing } from '../src/cli/compare/learning-curves.js';
import { rasterise } from '../src/cli/compare/rasterise.js';
import type { Recipe, RecipeOptions, RecipeResult, RecipeScale } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { type PretrainConfig, pretrainSchema } from '../src/cli/stages/settings.js';
import type { Estimate } from '../src/evaluation/bootstrap.js';
import type { LoadedModel } from '../src/formats/model-folder.js';
import { builtInTask } from '../src/prompting/built-in.js';
import { type FunctionFamily, functionFamilies } from '../src/prompting/generated/functions.js';
import { functionDocuments } from '../src/prompting/generated/index.js';
import type { Task } from '../src/prompting/task.js';
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
 * In-context learning: models of three sizes read texts that each show one small function (letters that stand for
 * others, kinds of words with made-up names, lines over digits, patterns of letters), and are then asked about functions
 * that no text had. What they answer right they can only have from the examples in the prompt.
 */

type Size = 'small' | 'medium' | 'large';
const sizes: Readonly<Record<Size, { layers: number; heads: number; width: number }>> = {
  small: { layers: 2, heads: 2, width: 32 },
  medium: { layers: 3, heads: 4, width: 48 },
  large: { layers: 3, heads: 4, width: 64 },
};

interface Setting {
  readonly sizes: readonly Size[];
  readonly documents: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly shots: readonly number[];
  /** Functions of each family, where there are so many, and questions about each. */
  readonly functions: number;
  readonly questions: Readonly<Record<FunctionFamily, number>>;
}

const shots = [0, 1, 2, 4, 8, 16];
/** Few digit lines and patterns are held out, and more is asked about each. */
const questions = { letters: 3, labels: 3, digits: 12, patterns: 40 };

const settings: Readonly<Record<RecipeScale, Setting>> = {
  smoke: {
    sizes: ['small'],
    documents: 200,
    batchSize: 4,
    steps: 4,
    shots: [0, 4],
    functions: 2,
    questions: { letters: 2, labels: 2, digits: 2, patterns: 2 },
  },
  cpu: {
    sizes: ['small', 'medium', 'large'],
    documents: 200_000,
    batchSize: 32,
    steps: 4000,
    shots,
    functions: 80,
    questions,
  },
  gpu: {
    sizes: ['small', 'medium', 'large'],
    documents: 500_000,
    batchSize: 128,
    steps: 10_000,
    shots,
    functions: 400,
    questions,
  },
};

/** As many examples a text as fill a context, and as many as the longest prompt has. */
const examples = 17;

const configOf = ({ steps, batchSize }: Setting, size: Size): PretrainConfig =>
  pretrainSchema.parse({
    model: { ...sizes[size], ...smallModel, contextLength: 128 },
    batchSize,
    evaluationWindows: 64,
    training: trainingFor(steps, 3e-3),
  });

const run = (options: RecipeOptions): Promise<RecipeResult> =>
  onEngine(options, async (context) => {
    const { scale, folder, signal, say } = options;
    const setting = settings[scale];
    const corpus = await corpusOf({
      folder,
      name: 'small functions, an example a line',
      documents: functionDocuments({ seed: 1, count: setting.documents, examples }),
      tokenizer: { vocabularySize: scale === 'smoke' ? 400 : 800 },
      signal,
    });
    const models: { size: Size; loaded: LoadedModel }[] = [];
    for (const size of setting.sizes) {
      say?.(`The ${size} model`);
      const loaded = await pretrained(context, { folder: join(folder, size), corpus, config: configOf(setting, size) });
      models.push({ size, loaded });
    }
    const tasks = functionFamilies.map((family) =>
      builtInTask(`in-context-${family}`, {
        source: {
          kind: 'generated',
          name: 'in-context',
          settings: { families: [family], functions: setting.functions, questions: setting.questions[family] },
        },
      }),
    );
    const evaluations = await evaluated(context, {
      models: models.map(({ loaded }) => loaded),
      tasks,
      shots: setting.shots,
      out: join(folder, 'evaluations'),
    });
    const one = ({ name }: Task, { folder: model }: LoadedModel, count: number): Estimate =>
      headlineOf(evaluations.find((each) => each.task === name && each.model === model && each.shots.asked === count)!);
    /** Of one family, or the mean over all. */
    const of = (task: Task | undefined, model: LoadedModel, count: number): Estimate =>
      task === undefined ? meanOver(tasks.map((each) => one(each, model, count))) : one(task, model, count);
    const most = setting.shots.at(-1)!;
    const gain = (task: Task | undefined, model: LoadedModel) => difference(of(task, model, 0), of(task, model, most));
    const largest = models.at(-1)!.loaded;
    const value = beyondError(gain(undefined, largest));
    const curves = (task: Task | undefined) =>
      models.map(({ size, loaded }) => ({
        label: size,
        points: setting.shots.map((count) => {
          const { value: y, low, high } = of(task, loaded, count);
          return { x: count, y, low, high };
        }),
      }));
    const picture = await rasterise(
      curveDrawing(
        [undefined, ...tasks].map((task) => ({
          title: `${task?.name ?? 'all families'}: whole answers right`,
          below: 'examples in the prompt, of a function that training never met',
          curves: curves(task),
        })),
      ),
    );
    return {
      value,
      rows: [
        { metric: headline, value, target: 0, direction: 'at least' },
        ...models.map(({ size, loaded }) =>
          rowOf(`${size}: accuracy at ${most} shots minus at 0`, gain(undefined, loaded)),
        ),
        ...models.flatMap(({ size, loaded }) =>
          setting.shots.map((count) => rowOf(`${size}, ${count} shots`, of(undefined, loaded, count))),
        ),
        ...tasks.map((task) => rowOf(`largest, ${task.name}: ${most} shots minus 0`, gain(task, largest))),
      ],
      details: {
        evaluations: detailsOf(evaluations),
        models: models.map(({ size, loaded }) => ({ size, results: loaded.lineage?.results })),
        ...sizeOf(largest),
      },
      ...(picture && { pictures: { curves: picture } }),
      notes: [
        'Whole answers right, the most probable token at each place; the mean over four families of functions.',
        'Standard errors by bootstrap over functions: questions about one stand or fall together.',
        'Functions are held out by a hash of what they are: none of those asked about is in any text of the training.',
        'The examples of one question are those of fewer shots and some more, so that along a curve nothing else changes.',
      ],
    };
  });

const headline = 'largest model: accuracy at most shots minus at 0, less two standard errors';

export const recipe: Recipe = {
  name: 'gpt-3-few-shot',
  title: 'GPT-3: unseen tasks are answered the better, the more examples the prompt holds',
  source: 'after Brown et al. 2020, figure 1.2: accuracy over examples in the context, for several sizes of model',
  metric: headline,
  target: 0,
  direction: 'at least',
  scales: {
    smoke: 'one tiny model, 4 steps, two functions of each kind',
    cpu: 'widths 32, 48 and 64, 4,000 steps of 32 x 128 tokens each; 0 to 16 shots; about 11 minutes',
    gpu: 'the same sizes, 10,000 steps of 128 x 128 tokens; five times the functions',
  },
  run,
};
