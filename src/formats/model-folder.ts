import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { type GptConfig, gptConfig, gptConfigSchema } from '../families/autoregressive/gpt-config.js';
import { type Gpt, gpt } from '../families/autoregressive/gpt.js';
import { type ScalarModel, scalarModel } from '../alignment/scalar-model.js';
import { parameterCount } from '../nn/parameters.js';
import type { ChatTemplate } from '../tokenizer/chat.js';
import { IMAGE_TOKEN } from '../tokenizer/control-tokens.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/tokenizer-folder.js';
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
import { type ModelEye, builtEye, eyeJson, eyeSchema, modelEye } from './model-eye.js';

/**
 * A model is a folder in the Hugging Face layout: config.json, generation_config.json, tokenizer.json,
 * tokenizer_config.json (with the chat template), model.safetensors, and lineage.json, which is ours.
 */

const kinds = ['language-model', 'reward-model'] as const;
export type ModelKind = (typeof kinds)[number];

const configSchema = z.object({
  model_type: z.literal('descent-gpt'),
  kind: z.enum(kinds),
  model: gptConfigSchema,
  eye: eyeSchema.optional(),
});

export interface ModelToSave {
  readonly folder: string;
  readonly kind: ModelKind;
  readonly config: GptConfig;
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly tokenizer: Tokenizer;
  /** The chat template; absent before a model has learnt to chat. */
  readonly template?: ChatTemplate;
  /** Of a model that sees. */
  readonly eye?: ModelEye;
  readonly lineage: LineageToSave;
}

export interface LoadedModel {
  readonly folder: string;
  readonly kind: ModelKind;
  readonly config: GptConfig;
  readonly values: Record<string, Float32Array>;
  readonly tokenizer: Tokenizer;
  readonly template?: ChatTemplate;
  readonly eye?: ModelEye;
  readonly lineage?: Lineage;
}

/** The program of a saved model: a language model, or the reward model built on one. */
export const languageModelOf = ({ config, eye, tokenizer }: Described): Gpt =>
  gpt(config, eye && builtEye(eye, config.width, tokenizer.idOf(IMAGE_TOKEN)));
export const rewardModelOf = (model: Described): ScalarModel => scalarModel(languageModelOf(model));

/** What a program is made of. */
type Described = Pick<LoadedModel, 'config' | 'eye' | 'tokenizer'>;

const specsOf = (kind: ModelKind, model: Described): unknown =>
  kind === 'reward-model' ? rewardModelOf(model).parameters : languageModelOf(model).parameters;

/**
 * Writes a model folder. It appears whole or not at all: everything is written beside it and renamed into place; a
 * model that was there is replaced only then.
 */
export async function saveModel(model: ModelToSave): Promise<Lineage> {
  const { kind, config, values, tokenizer, template, eye } = model;
  const specs = specsOf(kind, model);
  return writeModelFolder({ ...model, specs, values }, async (partial) => {
    await writeJson(join(partial, CONFIG_FILE), {
      model_type: 'descent-gpt',
      kind,
      model: config,
      ...(eye && { eye: eyeJson(eye) }),
      parameters: parameterCount(specs),
    });
    await writeJson(join(partial, 'generation_config.json'), {
      max_length: config.contextLength,
      do_sample: true,
      temperature: 1,
    });
    await saveTokenizer(partial, { tokenizer, ...(template && { template }), maxLength: config.contextLength });
  });
}

/** @throws FormatError naming the file and what is wrong with it */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const path = join(folder, CONFIG_FILE);
  const parsed = configSchema.safeParse(await readConfig(folder));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(`${path}: ${issue!.path.join('.')}: ${issue!.message}`, {
      advice: 'Only models of the type descent-gpt can be opened so far.',
    });
  }
  const { kind } = parsed.data;
  const config = gptConfig(parsed.data.model);
  const { tokenizer, template } = await loadTokenizer(folder);
  const eye = parsed.data.eye && (await modelEye(parsed.data.eye));
  if (tokenizer.vocabSize > config.vocabularySize) {
    throw new FormatError(
      `${folder}: the tokenizer has ${tokenizer.vocabSize} tokens, the model ${config.vocabularySize}`,
      { advice: 'Use the tokenizer the model was trained with.' },
    );
  }
  const described = { config, tokenizer, ...(eye && { eye }) };
  const values = await readWeights(folder, specsOf(kind, described));
  const lineage = await lineageOf(folder);
  return { folder, kind, values, ...described, ...(template && { template }), ...(lineage && { lineage }) };
}
