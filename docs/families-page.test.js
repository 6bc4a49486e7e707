import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { families } from './families.js';
import { drawPage, page } from './families-page.js';

const source = (path) => new URL(`../${path}`, import.meta.url);

describe('the page of families', () => {
  it('is what the committed results say', () => {
    expect(readFileSync(page, 'utf8'), 'run: node docs/families-page.js').toBe(drawPage());
  });

  it('tells of models and recipes that there are', () => {
    for (const { models } of families) {
      for (const { name, recipes = [name] } of models) {
        const folders = readdirSync(source('src/families'));
        expect(
          folders.some((folder) => existsSync(source(`src/families/${folder}/${name}.ts`))),
          name,
        ).toBe(true);
        for (const recipe of recipes) expect(existsSync(source(`recipes/${recipe}.ts`)), recipe).toBe(true);
      }
    }
  });

  it('shows how each model is trained, and then what is done with it', () => {
    for (const { name, commands } of families.flatMap(({ models }) => models)) {
      const [train, ...uses] = commands;
      expect(train).toMatch(new RegExp(`^train ${name} .*--out runs/`));
      const made = train.split('--out ')[1];
      expect(
        uses.some((use) => use.includes(made)),
        name,
      ).toBe(true);
    }
  });
});
