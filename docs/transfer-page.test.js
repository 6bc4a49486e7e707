import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawPage, page } from './transfer-page.js';

describe('the page of text and tasks', () => {
  it('is what the committed results say', () => {
    expect(readFileSync(page, 'utf8'), 'run: node docs/transfer-page.js').toBe(drawPage());
  });
});
