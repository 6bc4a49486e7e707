import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Recipe, RecipeOptions, RecipeResult, RecipeRow, RecipeScale } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { taskAsAncestor } from '../src/cli/actions/finetune.js';
import { merge } from '../src/cli/overrides.js';
import { keptTokenizer, keptTokens, makeTokenizer } from '../src/cli/stages/corpus.js';
import { modelAsAncestor } from '../src/cli/stages/examples.js';
import { fineTune } from '../src/cli/stages/fine-tune.js';
import { pretrainText } from '../src/cli/stages/pretrain-text.js';
import { pretrain } from '../src/cli/stages/pretrain.js';
import { type PretrainConfig, pretrainSchema, tokenizerSchema } from '../src/cli/stages/settings.js';
import { type StageContext, contentId, modelFolderOf } from '../src/cli/stages/stage.js';
import { fineTuneSchema, textPretrainingSchema } from '../src/cli/stages/text-settings.js';
import { BadRows } from '../src/data/bad-rows.js';
import { defaultEnglish } from '../src/data/default-english.js';
import { mean } from '../src/data/statistics.js';
import { type DocumentPart, readDocuments } from '../src/data/sources/documents.js';
import { brownGenres } from '../src/data/tasks/brown-genres.js';
import { readTask } from '../src/data/tasks/read.js';
import type { Task } from '../src/data/tasks/task.js';
import { type LoadedTextModel, buildTextModel, loadTextModel } from '../src/formats/text-model-folder.js';
import { findTextModel } from '../src/formats/text-models.js';
import { parameterCount } from '../src/nn/parameters.js';

/**
 * What pretraining on text is worth to tasks: a model learns from text, and then each of the tasks from few examples. Every
 * recipe of it has the same text, tokens, tasks and examples, so that their results make one table.
 */

/** The tasks of the table; without data, the last alone. */
const taskNames = ['sst2', 'ag-news', 'trec', 'rte', 'openbookqa', 'brown'];

type Settings = Readonly<Record<string, unknown>>;

export interface TransferScale {
  /** For lists. */
  readonly about: string;
  /** As in the configuration of `descent train`. */
  readonly pretraining: Settings;
  /** As in the configuration of `descent finetune`, beside what all recipes share. */
  readonly fineTuning?: Settings;
}

export interface TransferRecipe extends Pick<Recipe, 'name' | 'title' | 'source' | 'metric'> {
  /** A model of text by name. */
  readonly model: 'gpt' | 'bert' | 'elmo' | 'word2vec';
  /** The same with other settings of fine-tuning, by name: what each choice is worth. */
  readonly variants?: Readonly<Record<string, Settings>>;
  readonly scales: Readonly<Record<'cpu' | 'gpu', TransferScale>>;
  /** Settings of the model that make the smoke test small. */
  readonly smokeModel: Settings;
  /** Whether the headline counts a task. */
  readonly counts: (figures: TaskFigures) => boolean;
  /** Further figures of the pretrained model. */
  readonly measure?: (model: LoadedTextModel) => { rows: readonly RecipeRow[]; details: Settings };
}

/** What a task came to; shares from 0 to 1. */
export interface TaskFigures {
  readonly task: string;
  readonly accuracy: number;
  readonly standardError: number;
  readonly majority: number;
  readonly bagOfWords: number;
  readonly bagOfWordsError: number;
  readonly trainedOn: number;
  readonly examples: number;
  readonly seconds: number;
  /** Of each variant. */
  readonly variants: Readonly<Record<string, { accuracy: number; standardError: number }>>;
}

/** Of every recipe alike: the tokens of the text, and how many examples of a task are seen. */
const shared = {
  smoke: {
    vocabularySize: 400,
    documents: 30,
    fineTuning: { maximumExamples: 24, maximumTests: 15, epochs: 1, batchSize: 8 },
  },
  cpu: { vocabularySize: 4096, documents: Infinity, fineTuning: { maximumExamples: 2500, maximumTests: 800 } },
  gpu: { vocabularySize: 16_384, documents: Infinity, fineTuning: {} },
};

/**
 * SST-2 is taught by phrases, some words long, and asks about sentences: at cpu scale more of them are read, but in half as
 * many passes as the other tasks'.
 */
const phrases = { task: 'sst2', maximumExamples: 40_000, passes: 0.5 };

function taskSettings(scale: RecipeScale, task: string, settings: Settings): Settings {
  if (scale !== 'cpu' || task !== phrases.task) return settings;
  const { maximumExamples, passes } = phrases;
  return merge(settings, { maximumExamples, epochs: passes * (settings['epochs'] as number) });
}

/** Share of the tasks that the headline has to count: four of six. */
const wanted = (count: number): number => Math.ceil((4 / 6) * count);

export function transferRecipe(definition: TransferRecipe): Recipe {
  const { name, title, source, metric, scales, smokeModel } = definition;
  const configOf = (scale: RecipeScale) => {
    const { pretraining, fineTuning = {} } = scale === 'gpu' ? scales.gpu : scales.cpu;
    const few = { training: { steps: 4 }, batchSize: 4, evaluationWindows: 4, model: smokeModel };
    return {
      pretraining: scale === 'smoke' ? merge(pretraining, few) : pretraining,
      fineTuning: merge(fineTuning, shared[scale].fineTuning),
    };
  };
  const run = (options: RecipeOptions): Promise<RecipeResult> =>
    onEngine(options, async (context) => {
      const { scale, folder, signal, say } = options;
      const data = scale === 'smoke' ? undefined : options.data;
      const config = configOf(scale);
      const tasks = await tasksOf(data, signal);
      const corpus = await corpusOf(context, { folder, data, scale, tasks });
      const parent = await pretrainedModel(context, definition, {
        out: join(folder, 'pretrained'),
        settings: config.pretraining,
        corpus,
      });
      const figures: TaskFigures[] = [];
      for (const task of tasks) {
        say?.(`Task ${task.name}`);
        const trial = {
          ...{ parent, task, folder: join(folder, task.name), seeds: seedsOf(scale, task) },
          settings: taskSettings(scale, task.name, config.fineTuning),
        };
        figures.push(await taskFigures(context, definition, trial));
      }
      return summarise(definition, { parent, figures, text: corpus.ancestor.name });
    });
  return {
    ...{ name, title, source, metric, target: 4, direction: 'at least', run },
    settings: async (scale) => {
      const { pretraining, fineTuning } = configOf(scale);
      return {
        ...(await pretrainingConfig(definition.model, pretraining)),
        fineTuning: fineTuneSchema.parse(fineTuning),
        ...(scale === 'cpu' && { phrases, repeated }),
        variants: Object.values(definition.variants ?? {}).map((more) => fineTuneSchema.parse(merge(fineTuning, more))),
      };
    },
    scales: { smoke: 'a few steps, one task, seconds', cpu: scales.cpu.about, gpu: scales.gpu.about },
  };
}

type Corpus = Awaited<ReturnType<typeof corpusOf>>;

async function tasksOf(data: string | undefined, signal: AbortSignal | undefined): Promise<Task[]> {
  if (data === undefined) return [brownGenres()];
  // One row of OpenBookQA names a letter twice.
  const read = { data, badRows: new BadRows(), ...(signal && { signal }) };
  return Promise.all(taskNames.map((name) => readTask(name, read)));
}

/** The text, as tokens of a tokenizer made of it. */
async function corpusOf(
  { signal }: StageContext,
  {
    folder,
    data,
    scale,
    tasks,
  }: { folder: string; data: string | undefined; scale: RecipeScale; tasks: readonly Task[] },
) {
  const { vocabularySize, documents: most } = shared[scale];
  const { name, documents } = await textOf(data, { tasks, most });
  const fingerprint = await contentId(documents.map(({ text }) => text));
  const settings = tokenizerSchema.parse({ vocabularySize });
  const tokenizer = await keptTokenizer({
    folder: join(folder, 'tokenizer'),
    fingerprint: `${fingerprint} ${vocabularySize}`,
    make: () =>
      makeTokenizer(
        documents.map(({ text }) => text),
        settings,
        signal,
      ),
  });
  const tokens = await keptTokens({
    ...{ folder: join(folder, 'data'), fingerprint, tokenizer, documents: () => documents, validation: 0.05, seed: 0 },
    ...(scale === 'smoke' && { splitBy: 'tail' as const }),
    ...(signal && { signal }),
  });
  const size = `${tokens.train.length.toLocaleString('en')} tokens`;
  return { tokenizer, tokens, ancestor: { role: 'data', name, id: fingerprint, size } };
}

const books = 'text-classic-children/train.txt.gz';

/**
 * Children's classics and what the tasks' training examples say, without their labels, where the data is there (Howard and
 * Ruder 2018 go from a language model of other text to one of the task's); otherwise what comes along, without the documents
 * that a task asks about.
 */
async function textOf(
  data: string | undefined,
  { tasks, most }: { tasks: readonly Task[]; most: number },
): Promise<{ name: string; documents: DocumentPart[] }> {
  const path = data === undefined ? undefined : join(data, books);
  const documents: DocumentPart[] = [];
  if (path !== undefined && existsSync(path)) {
    for await (const document of readDocuments({ paths: path, separator: '<|endofbook|>' })) documents.push(document);
    for (const { train } of tasks)
      for (const { texts, file, line } of train) documents.push({ text: texts.join(' '), file, line, ends: true });
    return { name: 'classic children’s books and the training texts of the tasks, without labels', documents };
  }
  const asked = new Set(tasks.flatMap(({ test = [] }) => test.map(({ file }) => file)));
  for (const { text, file, line, ends } of defaultEnglish()) {
    if (documents.length === most) break;
    if (!asked.has(file)) documents.push({ text, file, line, ends });
  }
  return { name: 'Brown and Moby-Dick', documents };
}

/** Every setting of pretraining. @throws ZodError for one that is wrong */
async function pretrainingConfig(model: TransferRecipe['model'], settings: Settings) {
  return model === 'gpt'
    ? pretrainSchema.parse(settings)
    : textPretrainingSchema(await findTextModel(model)).parse(settings);
}

async function pretrainedModel(
  context: StageContext,
  { model }: TransferRecipe,
  { out, settings, corpus }: { out: string; settings: Settings; corpus: Corpus },
): Promise<LoadedTextModel> {
  const { tokenizer, tokens, ancestor } = corpus;
  const config = await pretrainingConfig(model, settings);
  const stage = {
    ...{ out, tokenizer, train: tokens.train, ancestors: [ancestor] },
    ...(tokens.validation && { validation: tokens.validation }),
  };
  if (model === 'gpt') await pretrain(context, { ...stage, config: config as PretrainConfig });
  else await pretrainText(context, { ...stage, config, definition: await findTextModel(model) });
  return loadTextModel(modelFolderOf(out));
}

/** What one training on a task came to; the baselines only where they were asked for. */
type Trained = Omit<TaskFigures, 'task' | 'variants'>;

/**
 * A test of few questions tells little of one training: at cpu scale such a task is learned with three seeds, each of other
 * examples and another head, and the means are told. The errors stay those of one training: the questions are the same.
 */
const repeated = { atMost: 500, seeds: [1, 2, 3] };

const seedsOf = (scale: RecipeScale, { test }: Task): readonly number[] =>
  scale === 'cpu' && test !== undefined && test.length <= repeated.atMost ? repeated.seeds : [1];

async function taskFigures(
  context: StageContext,
  { variants = {} }: TransferRecipe,
  trial: { parent: LoadedTextModel; task: Task; folder: string; settings: Settings; seeds: readonly number[] },
): Promise<TaskFigures> {
  const { parent, task, folder, settings, seeds } = trial;
  const ancestors = [modelAsAncestor(parent), await taskAsAncestor(task)];
  /** The mean of a figure over the trainings of a variant, one for each seed. */
  const learn = async (variant: string, more: Settings): Promise<(figure: keyof Trained) => number> => {
    const trainings: Trained[] = [];
    for (const seed of seeds) {
      const { results } = await fineTune(context, {
        ...{ out: join(folder, `${variant.replaceAll(' ', '-')}-${seed}`), parent, task, ancestors },
        config: fineTuneSchema.parse(merge(settings, { ...more, seed })),
      });
      trainings.push(results as unknown as Trained);
    }
    return (figure) => mean(trainings.map((each) => each[figure]));
  };
  const of = await learn('model', {});
  const others: Record<string, { accuracy: number; standardError: number }> = {};
  for (const [variant, more] of Object.entries(variants)) {
    const ofVariant = await learn(variant, { ...more, baselines: false });
    others[variant] = { accuracy: ofVariant('accuracy'), standardError: ofVariant('standardError') };
  }
  return {
    ...{ task: task.name, accuracy: of('accuracy'), standardError: of('standardError') },
    ...{ majority: of('majority'), bagOfWords: of('bagOfWords'), bagOfWordsError: of('bagOfWordsError') },
    ...{ trainedOn: of('trainedOn'), examples: of('examples'), seconds: of('seconds'), variants: others },
  };
}

function summarise(
  { model, metric, counts, measure }: TransferRecipe,
  { parent, figures, text }: { parent: LoadedTextModel; figures: readonly TaskFigures[]; text: string },
): RecipeResult {
  const counted = figures.filter(counts).length;
  const more = measure?.(parent);
  const percent = (label: string, share: number, error?: number): RecipeRow => ({
    metric: `${label}, %`,
    value: 100 * share,
    ...(error !== undefined && { standardError: 100 * error }),
  });
  const pretraining = parent.lineage!.results as { seconds: number; tokens: number; validationLoss?: number };
  const parameters = parameterCount(buildTextModel(parent.definition, parent.settings, parent.tokenizer).parameters);
  return {
    value: counted,
    rows: [
      { metric, value: counted, target: wanted(figures.length), direction: 'at least' },
      ...figures.flatMap(({ task, variants, ...each }) => [
        percent(task, each.accuracy, each.standardError),
        ...Object.entries(variants).map(([variant, own]) =>
          percent(`${task}: ${variant}`, own.accuracy, own.standardError),
        ),
        percent(`${task}: bag of words`, each.bagOfWords, each.bagOfWordsError),
        percent(`${task}: the commonest label`, each.majority),
      ]),
      ...(more?.rows ?? []),
      { metric: 'parameters', value: parameters },
      { metric: 'seconds of pretraining', value: Math.round(pretraining.seconds) },
    ],
    details: {
      transfer: { model, parameters, text, pretraining, tasks: figures },
      parameters,
      // word2vec counts pairs.
      ...(model !== 'word2vec' && { tokens: pretraining.tokens }),
      ...more?.details,
    },
    notes: [
      `Pretrained on ${text}, ${pretraining.tokens.toLocaleString('en')} tokens (of word2vec: pairs); learnt each task from up to ` +
        `${Math.max(...figures.map(({ trainedOn }) => trainedOn)).toLocaleString('en')} examples. Accuracy on examples held out, ± its standard error; a task counts where the figure itself is higher, whatever its error.`,
      ...(figures.length < taskNames.length
        ? [
            `Give --data, the folder that holds the data sets, for the other tasks: ${taskNames.filter((each) => each !== 'brown').join(', ')}.`,
          ]
        : []),
    ],
  };
}

/** Whether a model is better than both baselines. */
export const beatsBaselines = ({ accuracy, majority, bagOfWords }: TaskFigures): boolean =>
  accuracy > majority && accuracy > bagOfWords;

/** A schedule of pretraining: a rise, and half a cosine. */
export const pretrainingSteps = (steps: number, learningRate: number) => ({
  steps,
  clipNorm: 1,
  evaluateEvery: Math.ceil(steps / 4),
  optimizer: { beta2: 0.98, weightDecay: 0.1 },
  schedule: { kind: 'cosine', learningRate, warmupSteps: Math.ceil(steps / 16), finalFraction: 0.05 },
});

/** Fine-tuning at a learning rate that falls in a line to nothing, as GPT-1's. */
export const fineTuningAt = (learningRate: number, more: Settings): Settings => ({
  ...more,
  training: {
    optimizer: { beta2: 0.999, weightDecay: 0.01 },
    schedule: { kind: 'linear', learningRate, finalFraction: 0 },
  },
});

/** A head alone learns: more passes cost little. */
export const headOnFeatures = fineTuningAt(2e-3, { epochs: 30 });
