import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { type GptConfig, gptConfig, gptConfigSchema } from '../families/autoregressive/gpt-config.js';
import { type Gpt, gpt } from '../families/autoregressive/gpt.js';
import { type ScalarModel, bodyFrom, scalarModel } from '../alignment/scalar-model.js';
import { mergeAdapters, withAdapters } from '../nn/lora.js';
import { parameterCount } from '../nn/parameters.js';
import type { ChatTemplate } from '../tokenizer/chat.js';
import { IMAGE_TOKEN } from '../tokenizer/control-tokens.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/tokenizer-folder.js';
import { type AdapterToSave, adapterConfig, adapterTensors, readAdapter, readAdapterConfig } from './adapter.js';
import {
  ADAPTER_CONFIG_FILE,
  CONFIG_FILE,
  type LineageToSave,
  hasAdapter,
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
  /** Save this in place of the values: they are those of its base with it merged in. */
  readonly adapter?: AdapterToSave;
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

/** The program of a saved language model. */
export const languageModelOf = ({ config, eye, tokenizer }: Described): Gpt =>
  gpt(config, eye && builtEye(eye, config.width, tokenizer.idOf(IMAGE_TOKEN)));

/** The program of a saved reward model, which is built on one. */
export const rewardModelOf = (model: Described): ScalarModel => scalarModel(languageModelOf(model));

/** What a program is made of. */
type Described = Pick<LoadedModel, 'config' | 'eye' | 'tokenizer'>;

const specsOf = (kind: ModelKind, model: Described): unknown =>
  kind === 'reward-model' ? rewardModelOf(model).parameters : languageModelOf(model).parameters;
const isKind = (kind: string): kind is ModelKind => (kinds as readonly string[]).includes(kind);

/**
 * Writes a model folder. It appears whole or not at all: everything is written beside it and renamed into place; a
 * model that was there is replaced only then.
 */
export async function saveModel(model: ModelToSave): Promise<Lineage> {
  const { folder, kind, config, values, adapter, tokenizer, template, eye, lineage } = model;
  const specs = specsOf(kind, model);
  const tensors = adapter && adapterTensors(adapter);
  return writeModelFolder({ folder, specs, values, lineage, ...(tensors && { adapter: tensors }) }, async (partial) => {
    if (adapter) await writeJson(join(partial, ADAPTER_CONFIG_FILE), adapterConfig(adapter, kind, folder));
    else {
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
    }
    await saveTokenizer(partial, { tokenizer, ...(template && { template }), maxLength: config.contextLength });
  });
}

/** A model, or an adapter merged into the model that it adapts. @throws FormatError naming the file and what is wrong with it */
export async function loadModel(folder: string): Promise<LoadedModel> {
  if (hasAdapter(folder)) return loadAdapted(folder);
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

/** An adapter's model: the base's weights with the adapter's change in them. */
async function loadAdapted(folder: string): Promise<LoadedModel> {
  const { base: path, baseId, kind, rank, scale } = await readAdapterConfig(folder);
  const base = await loadModel(path).catch((cause: unknown) => {
    throw new FormatError(`${folder} adapts the model ${path}, which cannot be opened`, {
      cause,
      advice: 'Put that model back where it was; descent merge makes a model that stands for itself.',
    });
  });
  if (!isKind(kind))
    throw new FormatError(`${folder}: there is no kind of model '${kind}'`, {
      advice: `There are: ${kinds.join(', ')}.`,
    });
  if (baseId !== undefined && base.lineage !== undefined && base.lineage.id !== baseId) {
    throw new FormatError(
      `${folder} adapts the model ${baseId}; in ${path} there is another one now, ${base.lineage.id}`,
      {
        advice: 'Train the adapter again, or put the model back that it was trained on.',
      },
    );
  }
  const { config, eye } = base;
  const specs = withAdapters(specsOf(kind, base), rank);
  const beneath = kind === base.kind ? base.values : bodyFrom(base.values);
  const values = mergeAdapters(specs, { ...beneath, ...(await readAdapter(folder, specs)) }, scale);
  const { tokenizer, template } = await loadTokenizer(folder);
  const lineage = await lineageOf(folder);
  return {
    ...{ folder, kind, config, values, tokenizer },
    ...(eye && { eye }),
    ...(template && { template }),
    ...(lineage && { lineage }),
  };
}
