import { expect, it } from 'vitest';
import { formatTable } from './table.js';

it('aligns numbers to the right and text to the left', () => {
  const table = formatTable([
    { config: 'A', ms: 3.5 },
    { config: 'long', ms: 120, ratio: 2 },
  ]);
  expect(table).toBe(['config   ms  ratio', 'A       3.5', 'long    120      2'].join('\n'));
});
