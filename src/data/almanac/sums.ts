import type { Fact } from './types.js';

const largest = 10;

interface Operation {
  word: string;
  sign: string;
  apply: (left: number, right: number) => number;
  fits: (left: number, right: number) => boolean;
}

const operations: readonly Operation[] = [
  { word: 'plus', sign: '+', apply: (left, right) => left + right, fits: () => true },
  { word: 'minus', sign: '-', apply: (left, right) => left - right, fits: (left, right) => left >= right },
  { word: 'times', sign: '*', apply: (left, right) => left * right, fits: () => true },
];

/** Sums, differences (not below zero) and products of small numbers. */
export const sumFactList: readonly Fact[] = operations.flatMap(({ word, sign, apply, fits }) =>
  Array.from({ length: (largest + 1) ** 2 }, (_, index) => [Math.floor(index / (largest + 1)), index % (largest + 1)])
    .filter(([left = 0, right = 0]) => fits(left, right))
    .map(([left = 0, right = 0]) => {
      const name = `${left} ${word} ${right}`;
      return {
        key: `sum/${sumFamily(left, word, right)}/${name}`,
        entity: { topic: 'sum', name, possessive: `${name}'s`, aliases: [`${left} ${sign} ${right}`] },
        attribute: 'result',
        value: String(apply(left, right)),
        alternatives: [],
      };
    }),
);

/** The same for 3 plus 5 and 5 plus 3, so that the two are held out together. */
function sumFamily(left: number, word: string, right: number): string {
  if (word === 'minus') return `${left} minus ${right}`;
  return `${Math.min(left, right)} ${word} ${Math.max(left, right)}`;
}
