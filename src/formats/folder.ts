import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { FormatError } from '../errors.js';
import { parameterLeaves } from '../nn/parameters.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import { SafetensorsFile, type TensorToWrite, writeSafetensors } from '../runtime/safetensors.js';
import { type Ancestor, LINEAGE_FILE, type Lineage, modelId, readLineage } from './lineage.js';

/** What every model folder has: config.json, model.safetensors, lineage.json. It appears whole or not at all. */

export const CONFIG_FILE = 'config.json';
export const WEIGHTS_FILE = 'model.safetensors';
/** What stands there of an adapter, in PEFT's layout: its settings, and its own weights alone. */
export const ADAPTER_CONFIG_FILE = 'adapter_config.json';
export const ADAPTER_WEIGHTS_FILE = 'adapter_model.safetensors';

export interface LineageToSave {
  readonly stage: string;
  readonly name?: string;
  /** Paths are given as they are from here; they are stored relative to the folder. */
  readonly ancestors: readonly Ancestor[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly results?: Readonly<Record<string, unknown>>;
}

export interface FolderToWrite {
  readonly folder: string;
  /** Declared parameters. */
  readonly specs: unknown;
  readonly values: Readonly<Record<string, Float32Array>>;
  /** An adapter's tensors, which then stand there in place of all values; the id is still that of the values. */
  readonly adapter?: readonly TensorToWrite[];
  readonly lineage: LineageToSave;
}

/**
 * Writes weights, lineage and whatever `write` adds beside the folder, and renames that into place; a model that was
 * there is replaced only then.
 */
export async function writeModelFolder(
  model: FolderToWrite,
  write: (partial: string) => Promise<void>,
): Promise<Lineage> {
  const folder = resolve(model.folder);
  const partial = `${folder}.partial`;
  const { specs, values, adapter } = model;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
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
  try {
    await write(partial);
    await writeSafetensors({
      path: join(partial, adapter ? ADAPTER_WEIGHTS_FILE : WEIGHTS_FILE),
      tensors:
        adapter ??
        parameterLeaves(specs).map(({ path, spec }) => ({
          name: path,
          type: 'F32' as const,
          shape: spec.shape,
          data: values[path]!,
        })),
      metadata: { format: 'descent', id: lineage.id },
    });
    await writeJson(join(partial, LINEAGE_FILE), lineage);
    await replaceFolder(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return lineage;
}

/** Writes a value as indented JSON, whole or not at all. */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);

async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${to}.old`;
  await rm(old, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  if (existsSync(to)) await rename(to, old);
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

/** Whether all of these files are in the folder. */
const hasFiles = (folder: string, ...names: string[]): boolean => names.every((name) => existsSync(join(folder, name)));

/** Whether the folder holds an adapter, and what it adapts lies elsewhere. */
export const hasAdapter = (folder: string): boolean => hasFiles(folder, ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE);

/** Whether there is a whole model in this folder, or an adapter, which stands for one. */
export const hasModel = (folder: string): boolean => hasFiles(folder, WEIGHTS_FILE, CONFIG_FILE) || hasAdapter(folder);

/** The parsed config.json. @throws FormatError when the folder or the file is not there, or it is not JSON */
export async function readConfig(folder: string, name = CONFIG_FILE): Promise<unknown> {
  if (!existsSync(folder)) {
    throw new FormatError(`There is no model at ${folder}`, {
      advice: 'Give the folder that a training command wrote.',
    });
  }
  const path = join(folder, name);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FormatError(`${folder} is not a model folder: it has no ${name}`, {
      cause,
      advice: 'Give the folder that a training command wrote, or the folder `model` in that of its run.',
    });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${path} is not JSON: ${(cause as Error).message}`, {
      cause,
      advice: 'The file was damaged or changed by hand: copy the model anew.',
    });
  }
}

/** The lineage, where the folder has one. */
export const lineageOf = async (folder: string): Promise<Lineage | undefined> =>
  existsSync(join(folder, LINEAGE_FILE)) ? readLineage(folder) : undefined;

/** @throws FormatError naming the tensor that is missing or of another shape */
export async function readWeights(folder: string, specs: unknown): Promise<Record<string, Float32Array>> {
  const path = join(folder, WEIGHTS_FILE);
  const file = await SafetensorsFile.open(path);
  try {
    const values: Record<string, Float32Array> = {};
    for (const { path: name, spec } of parameterLeaves(specs)) {
      const entry = file.tensors.get(name);
      const advice = 'Weights and configuration are not of one model: copy its whole folder anew.';
      if (entry === undefined) throw new FormatError(`${path}: the tensor '${name}' is missing`, { advice });
      if (entry.shape.join() !== spec.shape.join()) {
        throw new FormatError(
          `${path}: '${name}' has the shape [${entry.shape.join(', ')}], the config wants [${spec.shape.join(', ')}]`,
          { advice },
        );
      }
      values[name] = await file.readFloat32(name);
    }
    return values;
  } finally {
    await file.close();
  }
}
