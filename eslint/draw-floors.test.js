import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { drawFloors, picture } from './draw-floors.js';
import { floors } from './floors.js';

it('the picture of the floors is drawn from the list that the lint rule enforces', () => {
  const svg = readFileSync(picture, 'utf8');
  expect(svg).toBe(drawFloors());
  for (const floor of floors) expect(svg).toContain(`>${floor}`);
  expect(svg).not.toContain('undefined');
});
