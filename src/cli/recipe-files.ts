import { readdir } from 'node:fs/promises';
import { ConfigError } from '../errors.js';
import { closest } from './closest.js';
import type { Recipe } from './recipe.js';

/** Recipes stand on the floor above: they are found by their files, not imported. */
const folder = new URL('../../recipes/', import.meta.url);

async function recipeFiles(): Promise<Map<string, URL>> {
  const files = await readdir(folder).catch(() => []);
  const sources = files.filter((file) => /^[^.]+\.(ts|js)$/.test(file)).sort();
  return new Map(sources.map((file) => [file.slice(0, -3), new URL(file, folder)]));
}

const load = async (file: URL): Promise<Recipe> => ((await import(file.href)) as { recipe: Recipe }).recipe;

export async function listRecipes(): Promise<Recipe[]> {
  return Promise.all([...(await recipeFiles()).values()].map(load));
}

/** @throws ConfigError naming the recipes there are */
export async function loadRecipe(name: string): Promise<Recipe> {
  const files = await recipeFiles();
  const file = files.get(name);
  if (file !== undefined) return load(file);
  const names = [...files.keys()];
  const [similar] = closest(name, names);
  throw new ConfigError(`There is no recipe '${name}'${similar === undefined ? '' : `; did you mean ${similar}?`}`, {
    advice: `There are: ${names.join(', ')}.`,
  });
}
