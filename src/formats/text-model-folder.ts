import { join } from 'node:path';
import { z } from 'zod';
import { withTaskControls } from '../alignment/fine-tuning/inputs.js';
import { type TaskClassifier, taskClassifier } from '../evaluation/task-classifier.js';
import { type TaskKind, taskKinds } from '../data/tasks/task.js';
import { FormatError } from '../errors.js';
import { parameterCount } from '../nn/parameters.js';
import type { TextModel, TextModelDefinition } from '../nn/text-model.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/tokenizer-folder.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import {
  CONFIG_FILE,
  type LineageToSave,
  lineageOf,
  readConfig,
  readWeights,
  writeJson,
  writeModelFolder,
} from './folder.js';
import type { Lineage } from './lineage.js';
import { loadModel } from './model-folder.js';
import { findTextModel } from './text-models.js';

/** A model of text as a folder: which one, its settings, its tokenizer and weights; and the task, where it learnt one. */

const MODEL_TYPE = 'descent-text';

/** What a classifier is for. */
export interface TaskOfModel {
  readonly name: string;
  readonly kind: TaskKind;
  readonly labels: readonly string[];
}

const configSchema = z.object({
  model_type: z.literal(MODEL_TYPE),
  name: z.string(),
  model: z.record(z.string(), z.unknown()),
  task: z.object({ name: z.string(), kind: z.enum(taskKinds), labels: z.array(z.string()).min(2) }).optional(),
});

export interface LoadedTextModel {
  readonly folder: string;
  readonly definition: TextModelDefinition;
  /** Settings but for the vocabulary's size. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tokenizer: Tokenizer;
  readonly values: Record<string, Float32Array>;
  readonly lineage?: Lineage;
}

export interface LoadedClassifier extends LoadedTextModel {
  readonly task: TaskOfModel;
  readonly classifier: TaskClassifier;
}

/** The model of these settings over a tokenizer's vocabulary. */
export function buildTextModel(
  definition: TextModelDefinition,
  settings: Readonly<Record<string, unknown>>,
  tokenizer: Tokenizer,
): TextModel {
  const controls = definition.controls.map((name) => tokenizer.idOf(name));
  return definition.build(settings, { size: tokenizer.vocabSize, controls });
}

const specsOf = (model: TextModel, task: TaskOfModel | undefined): object =>
  task === undefined ? model.parameters : taskClassifier(model, task).parameters;

/** Writes a model of text as a folder, whole or not at all; with `task`, one that was fine-tuned on it. */
export async function saveTextModel(options: {
  folder: string;
  definition: TextModelDefinition;
  settings: Readonly<Record<string, unknown>>;
  tokenizer: Tokenizer;
  task?: TaskOfModel;
  values: Readonly<Record<string, Float32Array>>;
  lineage: LineageToSave;
}): Promise<Lineage> {
  const { folder, definition, settings, tokenizer, task, values, lineage } = options;
  const model = buildTextModel(definition, settings, tokenizer);
  const specs = specsOf(model, task);
  return writeModelFolder({ folder, specs, values, lineage }, async (partial) => {
    await writeJson(join(partial, CONFIG_FILE), {
      model_type: MODEL_TYPE,
      name: definition.name,
      model: settings,
      ...(task && { task }),
      parameters: parameterCount(specs),
    });
    await saveTokenizer(partial, { tokenizer, maxLength: model.config.contextLength });
  });
}

/**
 * Opens a model of text that learnt from text alone: a language model that descent train made, or one of the others.
 *
 * @throws FormatError naming the file and what is wrong with it
 */
export async function loadTextModel(folder: string): Promise<LoadedTextModel> {
  const config = await readConfig(folder);
  if (typeOf(config) === 'descent-gpt') {
    const { kind, config: gpt, values, tokenizer, lineage } = await loadModel(folder);
    if (kind !== 'language-model')
      throw new FormatError(`${folder} is a ${kind}, and a language model is needed here`, {
        advice: 'Give what descent train or sft made.',
      });
    const { vocabularySize, ...settings } = gpt;
    if (vocabularySize !== tokenizer.vocabSize) {
      throw new FormatError(
        `${folder}: the model has ${vocabularySize} tokens and its tokenizer ${tokenizer.vocabSize}`,
        { advice: 'Tasks need tokens of their own, which come behind those of the tokenizer.' },
      );
    }
    return { folder, definition: await findTextModel('gpt'), settings, tokenizer, values, ...(lineage && { lineage }) };
  }
  const { task, ...loaded } = await load(folder, config);
  if (task === undefined) return loaded;
  throw new FormatError(`${folder} has learnt the task ${task.name} already`, {
    advice: 'Give the model that it was made from. descent lineage names it.',
  });
}

/** Opens a model that learnt a task. @throws FormatError naming the file and what is wrong with it */
export async function loadClassifier(folder: string): Promise<LoadedClassifier> {
  const config = await readConfig(folder);
  if (typeOf(config) === MODEL_TYPE) {
    const { task, ...loaded } = await load(folder, config);
    if (task !== undefined) {
      const model = buildTextModel(loaded.definition, loaded.settings, loaded.tokenizer);
      return { ...loaded, task, classifier: taskClassifier(model, task) };
    }
  }
  throw new FormatError(`${folder} has learnt no task`, { advice: 'descent finetune teaches it one.' });
}

async function load(folder: string, config: unknown): Promise<LoadedTextModel & { task: TaskOfModel | undefined }> {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(`${join(folder, CONFIG_FILE)}: ${issue!.path.join('.')}: ${issue!.message}`, {
      advice: 'This is no model of text. descent train makes one.',
    });
  }
  const { name, model: settings, task } = parsed.data;
  const definition = await findTextModel(name);
  const { tokenizer } = await loadTokenizer(folder);
  const model = buildTextModel(definition, definition.schema.parse(settings) as Record<string, unknown>, tokenizer);
  const values = await readWeights(folder, specsOf(model, task));
  const lineage = await lineageOf(folder);
  return { folder, definition, settings, tokenizer, values, task, ...(lineage && { lineage }) };
}

const typeOf = (config: unknown): unknown => (config as { model_type?: unknown } | null)?.model_type;

/** The tokenizer that a model of text reads tasks with. */
export const taskTokenizer = ({ tokenizer }: Pick<LoadedTextModel, 'tokenizer'>): Tokenizer =>
  withTaskControls(tokenizer);
