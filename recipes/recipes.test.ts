import { hasSharedData } from '../src/data/fixtures.test-helper.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recipeScales } from '../src/cli/recipe.js';
import { listRecipes } from '../src/cli/recipe-files.js';

/** Half a minute even at its smallest; the quickstart's tests cover what it is made of. */
const long = ['almanac'];
/** Want data that the project does not bring along. */
const shared: Readonly<Record<string, string>> = {
  'nanogpt-shakespeare-cpu': 'text-tinyshakespeare',
  'nanogpt-shakespeare-gpu': 'text-tinyshakespeare',
};

const all = await listRecipes();
const recipes = all.filter(
  ({ name }) => !long.includes(name) && (shared[name] === undefined || hasSharedData(shared[name])),
);
const folder = await mkdtemp(join(tmpdir(), 'descent-recipes-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the settings of every recipe are some that there are', () => {
  const cases = all.flatMap(({ name, scales, settings }) =>
    settings === undefined
      ? []
      : recipeScales.filter((scale) => scales[scale] !== undefined).map((scale) => ({ name, scale, settings })),
  );
  it.each(cases)('$name, $scale', async ({ scale, settings }) => {
    expect(await settings(scale)).toHaveProperty('training');
  });
});

describe('every recipe runs at smoke scale', () => {
  it.each(recipes.map((recipe) => [recipe.name, recipe] as const))('%s', { timeout: 180_000 }, async (name, recipe) => {
    const { value, rows = [], pictures = {} } = await recipe.run({ scale: 'smoke', folder: join(folder, name) });
    for (const figure of [value, ...rows.map((row) => row.value)]) expect(Number.isFinite(figure)).toBe(true);
    for (const png of Object.values(pictures)) expect([...png.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  });
});
