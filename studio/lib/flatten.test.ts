import { expect, it } from 'vitest';
import { differences, flatten } from './flatten.js';

it('finds the leaves, and what differs between several', () => {
  expect([...flatten({ a: 1, b: { c: [1, 2], d: null } })]).toEqual([
    ['a', 1],
    ['b.c', [1, 2]],
    ['b.d', null],
  ]);
  expect(differences([{ a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 }, e: true }, null])).toEqual([
    { key: 'a', values: [1, 1, undefined] },
    { key: 'b.c', values: [2, 3, undefined] },
    { key: 'e', values: [undefined, true, undefined] },
  ]);
  expect(differences([{ a: 1 }, { a: 1 }])).toEqual([]);
});
