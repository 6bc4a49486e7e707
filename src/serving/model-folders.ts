import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { WEIGHTS_FILE, CONFIG_FILE, hasModel } from '../formats/folder.js';

/** Which models there are, by name. A name is looked up among those found here and never becomes a path. */

export type ServedKind = 'language-model' | 'reward-model' | 'image-model';

export interface ModelEntry {
  readonly name: string;
  readonly folder: string;
  readonly kind: ServedKind;
  /** When its weights were written, in milliseconds: a model that was trained again is another. */
  readonly written: number;
  /** Of the weights. */
  readonly bytes: number;
}

/** A model, a run, or a folder that such lie in; a model may be given another name. */
export interface ModelSource {
  readonly path: string;
  readonly name?: string;
}

/** Reads `path` or `name=path`. */
export function modelSource(text: string): ModelSource {
  const [, name, path] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
  return name !== undefined && path !== undefined ? { name, path } : { path: text };
}

/** Folders within folders that are looked into: `runs/quickstart/4-aligned/model` lies three deep in `runs`. */
const DEEPEST = 4;

/** The models that are there now; of two of one name the first. */
export async function findModels(sources: readonly ModelSource[]): Promise<Map<string, ModelEntry>> {
  const found = new Map<string, ModelEntry>();
  for (const { path, name } of sources) {
    for await (const { folder, names } of modelsBelow(resolve(path), [])) {
      const own = names.join('/');
      const full = own === '' ? (name ?? nameOf(folder)) : name === undefined ? own : `${name}/${own}`;
      const entry = found.has(full) ? undefined : await readEntry(full, folder);
      if (entry) found.set(full, entry);
    }
  }
  return found;
}

/** Of a model given by its folder: the run's name where it lies in one. */
const nameOf = (folder: string): string =>
  basename(folder) === 'model' ? basename(dirname(folder)) : basename(folder);

async function* modelsBelow(
  folder: string,
  names: readonly string[],
): AsyncGenerator<{ folder: string; names: readonly string[] }> {
  const own = [folder, join(folder, 'model')].find(hasModel);
  if (own !== undefined) {
    yield { folder: own, names };
    return;
  }
  if (names.length >= DEEPEST) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory() || /^\.|^node_modules$|\.(partial|old)$/.test(entry.name)) continue;
    yield* modelsBelow(join(folder, entry.name), [...names, entry.name]);
  }
}

/** Undefined for a folder that is no model of ours, or just being replaced. */
async function readEntry(name: string, folder: string): Promise<ModelEntry | undefined> {
  try {
    const config = JSON.parse(await readFile(join(folder, CONFIG_FILE), 'utf8')) as Record<string, unknown>;
    const { size, mtimeMs } = await stat(join(folder, WEIGHTS_FILE));
    const kind = kindOf(config);
    return kind && { name, folder, kind, written: mtimeMs, bytes: size };
  } catch {
    return undefined;
  }
}

function kindOf({ model_type: type, kind }: Record<string, unknown>): ServedKind | undefined {
  if (type === 'descent-image') return 'image-model';
  if (type !== 'descent-gpt') return undefined;
  return kind === 'reward-model' ? 'reward-model' : 'language-model';
}
