import { join } from 'node:path';
import { curveDrawing } from '../src/cli/compare/curves.js';
import { rasterise } from '../src/cli/compare/rasterise.js';
import type { Recipe, RecipeOptions, RecipeResult, RecipeScale } from '../src/cli/recipe.js';
import { type PretrainConfig, pretrainSchema } from '../src/cli/stages/settings.js';
import type { Estimate } from '../src/evaluation/bootstrap.js';
import type { LoadedModel } from '../src/formats/model-folder.js';
import { builtInTask } from '../src/prompting/built-in.js';
import { functionFamilies } from '../src/prompting/generated/functions.js';
import { functionDocuments } from '../src/prompting/generated/index.js';
import {
  adamw,
  beyondError,
  corpusOf,
  difference,
  evaluated,
  falling,
  headlineOf,
  onEngine,
  pretrained,
  rowOf,
  smallModel,
} from './language.helper.js';

/**
 * In-context learning: models of three sizes read texts that each show one small function (letters that stand for
 * others, kinds of words with made-up names, lines over digits, patterns of letters), and are then asked about functions
 * that no text had. What they answer right they can only have from the examples in the prompt.
 */

type Size = 'small' | 'medium' | 'large';
const sizes: Readonly<Record<Size, { layers: number; heads: number; width: number }>> = {
  small: { layers: 2, heads: 2, width: 32 },
  medium: { layers: 3, heads: 4, width: 64 },
  large: { layers: 4, heads: 4, width: 128 },
};

interface Setting {
  readonly sizes: readonly Size[];
  readonly documents: number;
  readonly steps: number;
  readonly shots: readonly number[];
  /** Functions of each family, and questions about each. */
  readonly functions: number;
  readonly questions: number;
}

const settings: Readonly<Record<RecipeScale, Setting>> = {
  smoke: { sizes: ['small'], documents: 200, steps: 4, shots: [0, 4], functions: 2, questions: 2 },
  cpu: {
    sizes: ['small', 'medium', 'large'],
    documents: 40_000,
    steps: 2400,
    shots: [0, 1, 2, 4, 8, 16],
    functions: 80,
    questions: 3,
  },
  gpu: {
    sizes: ['small', 'medium', 'large'],
    documents: 400_000,
    steps: 20_000,
    shots: [0, 1, 2, 4, 8, 16],
    functions: 400,
    questions: 5,
  },
};

/** As many examples a text as fill a context, and as many as the longest prompt has. */
const examples = 17;

const configOf = ({ steps }: Setting, size: Size): PretrainConfig =>
  pretrainSchema.parse({
    model: { ...sizes[size], ...smallModel, contextLength: 128 },
    batchSize: 16,
    evaluationWindows: 64,
    training: {
      steps,
      optimizer: adamw,
      schedule: { ...falling, warmupSteps: Math.min(60, Math.floor(steps / 2)), learningRate: 3e-3 },
      evaluateEvery: Math.max(1, Math.floor(steps / 4)),
    },
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
    const { functions, questions, shots } = setting;
    const asked = (families: readonly string[]) => ({
      source: { kind: 'generated', name: 'in-context', settings: { families, functions, questions } } as const,
    });
    const tasks = [
      builtInTask('in-context', asked(functionFamilies)),
      ...functionFamilies.map((family) => builtInTask(`in-context-${family}`, asked([family]))),
    ];
    const evaluations = await evaluated(context, {
      models: models.map(({ loaded }) => loaded),
      tasks,
      shots,
      out: join(folder, 'evaluations'),
    });
    const of = (task: string, model: LoadedModel, count: number): Estimate =>
      headlineOf(
        evaluations.find((each) => each.task === task && each.model === model.folder && each.shots.asked === count)!,
      );
    const most = shots.at(-1)!;
    const gains = models.map(({ size, loaded }) => {
      const [none, few] = [of('in-context', loaded, 0), of('in-context', loaded, most)];
      return { size, none, few, gain: difference(none, few) };
    });
    const largest = gains.at(-1)!;
    const value = beyondError(largest.gain);
    const curves = (task: string) =>
      models.map(({ size, loaded }) => ({
        label: size,
        points: shots.map((count) => {
          const { value: y, low, high } = of(task, loaded, count);
          return { x: count, y, low, high };
        }),
      }));
    const picture = await rasterise(
      curveDrawing(
        tasks.map(({ name }) => ({
          title: `${name}: whole answers right`,
          below: 'examples in the prompt, of a function that training never met',
          curves: curves(name),
        })),
      ),
    );
    return {
      value,
      rows: [
        { metric: headline, value, target: 0, direction: 'at least' },
        ...gains.map(({ size, gain }) => rowOf(`${size}: accuracy at ${most} shots minus at 0`, gain)),
        ...models.flatMap(({ size, loaded }) =>
          shots.map((count) => rowOf(`${size}, ${count} shots`, of('in-context', loaded, count))),
        ),
        ...functionFamilies.map((family) =>
          rowOf(
            `largest, ${family}: ${most} shots minus 0`,
            difference(
              of(`in-context-${family}`, models.at(-1)!.loaded, 0),
              of(`in-context-${family}`, models.at(-1)!.loaded, most),
            ),
          ),
        ),
      ],
      details: {
        evaluations: evaluations.map(({ records: _records, ...rest }) => rest),
        models: models.map(({ size, loaded }) => ({ size, results: loaded.lineage?.results })),
      },
      ...(picture && { pictures: { curves: picture } }),
      notes: [
        'Whole answers right, the most probable token at each place; ± standard errors by bootstrap over questions.',
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
    cpu: 'widths 32, 64 and 128, 2,400 steps of 16 x 128 tokens each; 0 to 16 shots; about 9 minutes',
    gpu: 'the same sizes, 20,000 steps; five times the questions',
  },
  run,
};
