import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawPage, page } from './results-page.js';

describe('the page of results', () => {
  it('is what the committed results say', () => {
    expect(readFileSync(page, 'utf8'), 'run: node docs/results-page.js').toBe(drawPage());
  });
});
