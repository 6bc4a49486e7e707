import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, relative } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { type GptConfig, gptConfig, gptConfigSchema } from '../families/autoregressive/gpt-config.js';
import { gpt } from '../families/autoregressive/gpt.js';
import { type ScalarModel, scalarModel } from '../alignment/scalar-model.js';
import type { Gpt } from '../families/autoregressive/gpt.js';
import { parameterCount, parameterLeaves } from '../nn/parameters.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import { SafetensorsFile, writeSafetensors } from '../runtime/safetensors.js';
import type { ChatTemplate } from '../tokenizer/chat.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/tokenizer-folder.js';
import { type Ancestor, LINEAGE_FILE, type Lineage, modelId, readLineage } from './lineage.js';

/**
 * A model is a folder in the Hugging Face layout: config.json, generation_config.json, tokenizer.json,
 * tokenizer_config.json (with the chat template), model.safetensors, and lineage.json, which is ours.
 */

const WEIGHTS_FILE = 'model.safetensors';

const kinds = ['language-model', 'reward-model'] as const;
export type ModelKind = (typeof kinds)[number];

const configSchema = z.object({
  model_type: z.literal('descent-gpt'),
  kind: z.enum(kinds),
  model: gptConfigSchema,
});

export interface ModelToSave {
  readonly folder: string;
  readonly kind: ModelKind;
  readonly config: GptConfig;
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly tokenizer: Tokenizer;
  /** The chat template; absent before a model has learnt to chat. */
  readonly template?: ChatTemplate;
  readonly lineage: {
    readonly stage: string;
    readonly name?: string;
    /** Paths are given as they are from here; they are stored relative to the folder. */
    readonly ancestors: readonly Ancestor[];
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly results?: Readonly<Record<string, unknown>>;
  };
}

export interface LoadedModel {
  readonly folder: string;
  readonly kind: ModelKind;
  readonly config: GptConfig;
  readonly values: Record<string, Float32Array>;
  readonly tokenizer: Tokenizer;
  readonly template?: ChatTemplate;
  readonly lineage?: Lineage;
}

/** The program of a saved model: a language model, or the reward model built on one. */
export const languageModelOf = ({ config }: Pick<LoadedModel, 'config'>): Gpt => gpt(config);
export const rewardModelOf = ({ config }: Pick<LoadedModel, 'config'>): ScalarModel => scalarModel(gpt(config));

const specsOf = (kind: ModelKind, config: GptConfig): unknown =>
  kind === 'reward-model' ? rewardModelOf({ config }).parameters : languageModelOf({ config }).parameters;

/**
 * Writes a model folder. It appears whole or not at all: everything is written beside it and renamed into place; a
 * model that was there is replaced only then.
 */
export async function saveModel(model: ModelToSave): Promise<Lineage> {
  const folder = resolve(model.folder);
  const partial = `${folder}.partial`;
  const { kind, config, values, tokenizer, template } = model;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const specs = parameterLeaves(specsOf(kind, config));
  const lineage: Lineage = {
    id: modelId(values),
    name: model.lineage.name ?? basename(folder),
    stage: model.lineage.stage,
    createdAt: new Date().toISOString(),
    ancestors: model.lineage.ancestors.map((ancestor) =>
      ancestor.path === undefined ? ancestor : { ...ancestor, path: relative(folder, resolve(ancestor.path)) },
    ),
    settings: { ...model.lineage.settings },
    results: { ...model.lineage.results },
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  try {
    await writeFileAtomically(
      join(partial, 'config.json'),
      json({ model_type: 'descent-gpt', kind, model: config, parameters: parameterCount(specsOf(kind, config)) }),
    );
    await writeFileAtomically(
      join(partial, 'generation_config.json'),
      json({ max_length: config.contextLength, do_sample: true, temperature: 1 }),
    );
    await saveTokenizer(partial, { tokenizer, ...(template && { template }), maxLength: config.contextLength });
    await writeSafetensors({
      path: join(partial, WEIGHTS_FILE),
      tensors: specs.map(({ path, spec }) => ({
        name: path,
        type: 'F32' as const,
        shape: spec.shape,
        data: values[path]!,
      })),
      metadata: { format: 'descent', id: lineage.id },
    });
    await writeFileAtomically(join(partial, LINEAGE_FILE), json(lineage));
    await replaceFolder(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return lineage;
}

async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${to}.old`;
  await rm(old, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  if (existsSync(to)) await rename(to, old);
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

/** Whether there is a whole model in this folder. */
export const hasModel = (folder: string): boolean =>
  existsSync(join(folder, WEIGHTS_FILE)) && existsSync(join(folder, 'config.json'));

/** @throws FormatError naming the file and what is wrong with it */
export async function loadModel(folder: string): Promise<LoadedModel> {
  if (!existsSync(folder)) {
    throw new FormatError(`There is no model at ${folder}`, {
      advice: 'Give the folder that a training command wrote.',
    });
  }
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FormatError(`${folder} is not a model folder: it has no config.json`, { cause });
  });
  const parsed = configSchema.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(`${path}: ${issue!.path.join('.')}: ${issue!.message}`, {
      advice: 'Only models of the type descent-gpt can be opened so far.',
    });
  }
  const { kind } = parsed.data;
  const config = gptConfig(parsed.data.model);
  const values = await readWeights(join(folder, WEIGHTS_FILE), specsOf(kind, config));
  const { tokenizer, template } = await loadTokenizer(folder);
  if (tokenizer.vocabSize > config.vocabularySize) {
    throw new FormatError(
      `${folder}: the tokenizer has ${tokenizer.vocabSize} tokens, the model ${config.vocabularySize}`,
      { advice: 'Use the tokenizer the model was trained with.' },
    );
  }
  const lineage = existsSync(join(folder, LINEAGE_FILE)) ? await readLineage(folder) : undefined;
  return { folder, kind, config, values, tokenizer, ...(template && { template }), ...(lineage && { lineage }) };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

async function readWeights(path: string, specs: unknown): Promise<Record<string, Float32Array>> {
  const file = await SafetensorsFile.open(path);
  try {
    const values: Record<string, Float32Array> = {};
    for (const { path: name, spec } of parameterLeaves(specs)) {
      const entry = file.tensors.get(name);
      if (entry === undefined) throw new FormatError(`${path}: the tensor '${name}' is missing`);
      if (entry.shape.join() !== spec.shape.join()) {
        throw new FormatError(
          `${path}: '${name}' has the shape [${entry.shape.join(', ')}], the config wants [${spec.shape.join(', ')}]`,
        );
      }
      values[name] = await file.readFloat32(name);
    }
    return values;
  } finally {
    await file.close();
  }
}
