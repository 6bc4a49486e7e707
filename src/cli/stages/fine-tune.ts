import { classificationShape, classificationSource } from '../../alignment/fine-tuning/batches.js';
import { classificationPhase } from '../../alignment/fine-tuning/classifier.js';
import { encodeExample } from '../../alignment/fine-tuning/inputs.js';
import { type Task, type TaskExample, sequencesOf } from '../../data/tasks/task.js';
import { requireEqualChoices } from '../../data/tasks/read.js';
import { bagOfWords } from '../../evaluation/bag-of-words.js';
import { accuracyOf } from '../../evaluation/accuracy.js';
import { featurePhase, readTexts, statisticsOf } from '../../evaluation/feature-classifier.js';
import { type TaskClassifier, taskClassifier } from '../../evaluation/task-classifier.js';
import { type TaskReport, greatest, majorityOf, taskReport } from '../../evaluation/task-report.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import {
  type LoadedTextModel,
  type TaskOfModel,
  buildTextModel,
  saveTextModel,
  taskTokenizer,
} from '../../formats/text-model-folder.js';
import { growValues } from '../../nn/grow.js';
import { initialise } from '../../nn/parameters.js';
import { counterRandom, shuffle } from '../../tensor/random.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Phase } from '../../training/phase.js';
import { withStore } from '../../training/with-store.js';
import { withClassifier } from '../open-classifier.js';
import { holdOut } from './hold-out.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, modelFolderOf, trainInFolder } from './stage.js';
import type { FineTuneConfig } from './text-settings.js';

export interface FineTuneOptions {
  readonly out: string;
  readonly config: FineTuneConfig;
  readonly parent: LoadedTextModel;
  readonly task: Task;
  readonly ancestors: readonly Ancestor[];
}

/** The examples that a model learns from and those it is asked, as the settings say. */
export function splitTask(
  task: Task,
  config: Pick<FineTuneConfig, 'validation' | 'maximumExamples' | 'maximumTests' | 'seed'>,
) {
  requireEqualChoices(task);
  const { rest, heldOut } = task.test
    ? { rest: task.train, heldOut: task.test }
    : holdOut(task.train, config.validation);
  // The test is the same whatever the seed.
  return { train: someOf(rest, config.maximumExamples, config.seed), test: someOf(heldOut, config.maximumTests, 0) };
}

function someOf(examples: readonly TaskExample[], most: number | null, seed: number): readonly TaskExample[] {
  if (most === null || examples.length <= most) return examples;
  const order = shuffle(counterRandom(seed, 'some examples', 0), [...examples.keys()]);
  return order.slice(0, most).map((index) => examples[index]!);
}

const labelsOf = (examples: readonly TaskExample[]): Int32Array => Int32Array.from(examples, ({ label }) => label);

/** Trains a model on a task with a linear head, measures it on the test examples, and saves it. */
export async function fineTune(context: StageContext, options: FineTuneOptions): Promise<Lineage> {
  const { out, config, parent, task, ancestors } = options;
  const { train, test } = splitTask(task, config);
  const fingerprint = fingerprintOf([
    config,
    kinOf(ancestors),
    [task.name, task.kind, task.labels, train.length, test.length],
  ]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { definition } = parent;
  const asPretrained = buildTextModel(definition, parent.settings, parent.tokenizer);
  // What is read as it is has no use for tokens of tasks.
  const tokenizer = asPretrained.body ? taskTokenizer(parent) : parent.tokenizer;
  const settings = asPretrained.body ? { ...parent.settings, dropout: config.dropout } : parent.settings;
  const model = buildTextModel(definition, settings, tokenizer);
  const body = config.pretrained
    ? growValues({ specs: asPretrained.parameters, values: parent.values }, model.parameters, config.seed)
    : initialise(model.parameters, config.seed);
  const of: TaskOfModel = { name: task.name, kind: task.kind, labels: task.labels };
  const classifier = taskClassifier(model, of);
  const learn = { classifier, body, tokenizer, train, fingerprint, contextLength: model.config.contextLength };
  const { values, ...trained } = await (classifier.by === 'fine-tuning'
    ? fineTuneBody(context, options, { ...learn, classifier })
    : fitHead(context, options, { ...learn, classifier }));
  const loaded = { ...parent, settings, tokenizer, values, task: of, classifier };
  const report = await withClassifier(context, loaded, async (classify) =>
    taskReport(Int32Array.from(await classify(test, context), greatest), labelsOf(test), task.labels),
  );
  const baselines = config.baselines ? await measureBaselines(context, task, { train, test, seed: config.seed }) : {};
  return saveTextModel({
    folder: modelFolderOf(out),
    definition,
    settings,
    tokenizer,
    task: of,
    values,
    lineage: {
      stage: classifier.by === 'fine-tuning' ? 'fine-tuning' : 'classifier of features',
      name: task.name,
      ancestors,
      settings: { fingerprint, ...config },
      results: { ...report, ...baselines, trainedOn: train.length, ...trained },
    },
  });
}

interface Learning<By extends TaskClassifier> {
  readonly classifier: By;
  readonly body: Record<string, Float32Array>;
  readonly tokenizer: LoadedTextModel['tokenizer'];
  readonly contextLength: number;
  readonly train: readonly TaskExample[];
  readonly fingerprint: string;
}

interface Learnt {
  readonly values: Record<string, Float32Array>;
  readonly steps: number;
  readonly seconds: number;
}

const under = (prefix: string, values: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(values).map(([path, value]) => [`${prefix}.${path}`, value]));

async function fineTuneBody(
  context: StageContext,
  options: FineTuneOptions,
  learning: Learning<Extract<TaskClassifier, { by: 'fine-tuning' }>>,
): Promise<Learnt> {
  const { config, task } = options;
  const { classifier, body, tokenizer, contextLength, train } = learning;
  const { model, parameters } = classifier;
  const inputs = { tokenizer, kind: task.kind, longest: contextLength };
  const examples = train.map((example) => encodeExample(example, inputs));
  const shape = classificationShape(examples, {
    batchSize: config.batchSize,
    padToken: tokenizer.idOf(CONTROL.pad),
    reads: model.body.reads,
  });
  const source = classificationSource(examples, shape, config.seed);
  const phase = classificationPhase({ model, source, shape, auxiliary: config.lambda, dropout: config.dropout });
  const starting = { ...initialise(parameters, config.seed), ...under('body', body) };
  return learnValues(context, options, {
    ...{ title: 'Fine-tuning', fingerprint: learning.fingerprint, parameters, starting, phase },
    steps: config.epochs * source.batchesPerEpoch,
  });
}

async function fitHead(
  context: StageContext,
  options: FineTuneOptions,
  learning: Learning<Extract<TaskClassifier, { by: 'features' }>>,
): Promise<Learnt> {
  const { config, task } = options;
  const { classifier, body, train, ...rest } = learning;
  const { model } = classifier;
  const { engine, signal } = context;
  const read = await withStore(engine, { specs: model.parameters.body, values: body }, (store) =>
    readTexts({
      ...{ engine, model, body: store, tokenizer: rest.tokenizer },
      texts: train.flatMap(({ texts }) => sequencesOf(task.kind, texts).flat()),
      ...(signal && { signal }),
    }),
  );
  const { batchSize, seed } = config;
  const { phase, batchesPerEpoch } = featurePhase({ model, examples: train, read, batchSize, seed });
  const { mean, deviation } = statisticsOf(read);
  const starting = { ...initialise(model.parameters.head, seed), mean, deviation };
  const { values, ...trained } = await learnValues(context, options, {
    ...{ title: 'Head', fingerprint: rest.fingerprint, parameters: model.parameters.head, starting, phase },
    steps: config.epochs * batchesPerEpoch,
  });
  return { values: { ...under('body', body), ...under('head', values) }, ...trained };
}

/** Runs the one phase in the run folder, from values to values. */
async function learnValues(
  context: StageContext,
  { out, config }: FineTuneOptions,
  run: {
    title: string;
    fingerprint: string;
    parameters: object;
    starting: Record<string, Float32Array>;
    phase: Phase;
    steps: number;
  },
): Promise<Learnt> {
  const { title, fingerprint, parameters, starting, phase } = run;
  const steps = Math.max(1, Math.round(run.steps));
  const { schedule } = config.training;
  const warmupSteps = schedule.warmupSteps > 0 ? schedule.warmupSteps : Math.ceil(config.warmup * steps);
  return withStore(context.engine, { specs: parameters, values: starting, trainable: true }, async (store) => {
    const { seconds } = await trainInFolder(context, {
      ...{ out, title, config, fingerprint, stores: { model: store }, phases: [phase] },
      settings: { ...config.training, steps, schedule: { ...schedule, warmupSteps } },
    });
    return { values: await store.read(), steps, seconds };
  });
}

/** What the commonest label and a bag of words come to on the same examples. */
async function measureBaselines(
  { engine, signal }: StageContext,
  task: Task,
  { train, test, seed }: { train: readonly TaskExample[]; test: readonly TaskExample[]; seed: number },
): Promise<{ majority: number; bagOfWords: number; bagOfWordsError: number }> {
  const truth = labelsOf(test);
  const commonest = majorityOf(labelsOf(train), task.labels.length);
  const answer = await bagOfWords({ engine, task: { ...task, train }, seed, ...(signal && { signal }) });
  const { accuracy, standardError } = accuracyOf(answer(test), truth);
  return {
    majority: accuracyOf(new Int32Array(test.length).fill(commonest), truth).accuracy,
    bagOfWords: accuracy,
    bagOfWordsError: standardError,
  };
}

/** The report of a fine-tuned model, as its lineage keeps it. */
export const reportOf = ({ results }: Lineage): TaskReport => results as unknown as TaskReport;
