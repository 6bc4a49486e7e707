import { existsSync, readdirSync } from 'node:fs';
import { FormatError } from '../errors.js';
import type { ImageModelDefinition } from '../nn/image-model.js';

/** Image models by name: each file of `families/` that exports a `definition` is one. */

const families = new URL('../families/', import.meta.url);
/** The sources' ending where they run as they are. */
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

export interface FamilyModel {
  readonly family: string;
  readonly definition: ImageModelDefinition;
}

const load = async (family: string, name: string): Promise<FamilyModel | undefined> => {
  const file = new URL(`${family}/${name}${ending}`, families);
  if (!existsSync(file)) return undefined;
  const { definition } = (await import(file.href)) as { definition?: ImageModelDefinition };
  return definition === undefined ? undefined : { family, definition };
};

const familyNames = (): string[] =>
  readdirSync(families, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

/** The names of every image model, by family. Loads them all. */
export async function listImageModels(): Promise<FamilyModel[]> {
  const found: FamilyModel[] = [];
  for (const family of familyNames()) {
    const files = readdirSync(new URL(`${family}/`, families))
      .filter((file) => file.endsWith(ending) && !/\.(test|test-helper|d)\.[jt]s$/.test(file))
      .sort();
    for (const file of files) {
      const model = await load(family, file.slice(0, -ending.length));
      if (model !== undefined) found.push(model);
    }
  }
  return found;
}

/** @throws FormatError naming those there are */
export async function findImageModel(name: string): Promise<FamilyModel> {
  if (/^[a-z0-9-]+$/.test(name)) {
    for (const family of familyNames()) {
      const model = await load(family, name);
      if (model !== undefined) return model;
    }
  }
  const names = (await listImageModels()).map(({ definition }) => definition.name);
  throw new FormatError(`There is no image model named '${name}'`, { advice: `There are: ${names.join(', ')}.` });
}
