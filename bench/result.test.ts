import { expect, it } from 'vitest';
import { median, significant } from './result.js';

it('takes the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(significant(1234.5)).toBe(1230);
});
