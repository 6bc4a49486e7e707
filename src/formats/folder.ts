import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { FormatError } from '../errors.js';
import { parameterLeaves } from '../nn/parameters.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import { SafetensorsFile, writeSafetensors } from '../runtime/safetensors.js';
import { type Ancestor, LINEAGE_FILE, type Lineage, modelId, readLineage } from './lineage.js';

/** What every model folder has: config.json, model.safetensors, lineage.json. It appears whole or not at all. */

export const CONFIG_FILE = 'config.json';
export const WEIGHTS_FILE = 'model.safetensors';

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
  const { specs, values } = model;
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
      path: join(partial, WEIGHTS_FILE),
      tensors: parameterLeaves(specs).map(({ path, spec }) => ({
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

/** Whether there is a whole model in this folder. */
export const hasModel = (folder: string): boolean =>
  existsSync(join(folder, WEIGHTS_FILE)) && existsSync(join(folder, CONFIG_FILE));

/** The parsed config.json. @throws FormatError when the folder or the file is not there, or it is not JSON */
export async function readConfig(folder: string): Promise<unknown> {
  if (!existsSync(folder)) {
    throw new FormatError(`There is no model at ${folder}`, {
      advice: 'Give the folder that a training command wrote.',
    });
  }
  const path = join(folder, CONFIG_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FormatError(`${folder} is not a model folder: it has no config.json`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
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
