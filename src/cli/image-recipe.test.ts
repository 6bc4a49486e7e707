import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { counterRandom, integer } from '../tensor/random.js';
import { imageRecipe } from './image-recipe.js';
import type { ImageTrainingConfig } from './stages/images.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-recipe-'));
  for (const [folder, channels] of [
    ['grey', 1],
    ['colour', 3],
  ] as const) {
    const random = counterRandom(1, folder, 0);
    await mkdir(join(cwd, folder));
    for (let index = 0; index < 40; index++) {
      const data = Uint8Array.from({ length: 16 * channels }, () => integer(random, 256));
      await writeFile(join(cwd, folder, `${index}.png`), encode({ width: 4, height: 4, channels, data }));
    }
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const figure = { metric: 'images', target: 1, direction: 'at least' } as const;
const recipeWith = (settings: Record<string, unknown>) =>
  imageRecipe({
    name: 'vae',
    title: 'a small one',
    source: 'none',
    ...figure,
    scales: { cpu: { about: 'small', settings: { model: { width: 8, latents: 2 }, ...settings } } },
    measure: ({ test }) => Promise.resolve({ rows: [{ ...figure, value: test.count }] }),
  });

describe('the recipe of an image model', () => {
  it.each([
    ['grey', {}, 'dynamic'],
    ['colour', {}, 'bytes'],
    ['colour', { pixels: 'threshold' }, 'threshold'],
  ] as const)('takes pixels as training does: %s images, given %j, are %s', async (data, settings, pixels) => {
    const options = { scale: 'smoke', folder: join(cwd, `${data}-${pixels}`), data: join(cwd, data) } as const;
    const { details } = await recipeWith(settings).run(options);
    expect((details!['config'] as ImageTrainingConfig).pixels).toBe(pixels);
  });

  it('says which settings it has, and refuses those that there are not', async () => {
    const known = await recipeWith({ batchSize: 32 }).settings!('cpu');
    expect(known).toMatchObject({ batchSize: 32, model: { width: 8 }, seed: 1 });
    expect(await recipeWith({ batchSize: 32 }).settings!('smoke')).toMatchObject({ batchSize: 8 });
    await expect(recipeWith({ model: { widht: 8 } }).settings!('cpu')).rejects.toThrow(/widht/);
  });
});
