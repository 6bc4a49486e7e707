import { describe, expect, it } from 'vitest';
import { formatTable, median, significant } from './result.js';

describe('bench tables', () => {
  it('aligns numbers to the right and text to the left', () => {
    const table = formatTable([
      { config: 'A', ms: 3.5 },
      { config: 'long', ms: 120, ratio: 2 },
    ]);
    expect(table).toBe(['config   ms  ratio', '------  ---  -----', 'A       3.5', 'long    120      2'].join('\n'));
  });

  it('takes the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(significant(1234.5)).toBe(1230);
  });
});
