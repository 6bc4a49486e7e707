import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { neighbours, systems } from './lineage.js';
import { committed, drawPage, unmeasured } from './lineage-page.js';
import { readResults } from './page-parts.js';

const all = [...systems, ...neighbours];

describe('the page of the line of descent', () => {
  it('is what the committed results say', () => {
    expect(committed(), 'run: node docs/lineage-page.js').toBe(drawPage());
  });

  it('says of each system what it introduced and where it is from, and of each figure that there is none yet', () => {
    const measured = new Set(readResults().map(({ recipe }) => recipe));
    const rows = committed().split('\n');
    for (const { name, introduced, source, about, recipes } of all) {
      for (const text of [introduced, source, about]) expect(text, name).toMatch(/\w/);
      const row = rows.find((line) => line.startsWith(`| [${name}]`));
      expect(row?.includes(unmeasured), name).toBe(!recipes.some((recipe) => measured.has(recipe)));
    }
  });

  it('names recipes that there are, wherever it shows a figure', () => {
    for (const { recipe } of readResults()) {
      if (recipe === undefined || !all.some(({ recipes }) => recipes.includes(recipe))) continue;
      expect(existsSync(new URL(`../recipes/${recipe}.ts`, import.meta.url)), recipe).toBe(true);
    }
  });
});
