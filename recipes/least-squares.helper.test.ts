import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitTwo } from './least-squares.helper.js';

const number = fc.double({ min: -3, max: 3, noNaN: true });

it('finds the coefficients of both forms of over-optimisation', () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      for (const form of [(d: number) => -d * d, (d: number) => -d * Math.log(d)]) {
        const points = [0.2, 0.7, 1.3, 2.1, 3].map((d) => ({ u: d, v: form(d), y: a * d + b * form(d) }));
        const found = fitTwo(points);
        expect(found.a).toBeCloseTo(a, 6);
        expect(found.b).toBeCloseTo(b, 6);
      }
    }),
  );
});

it('has no second coefficient where one point is all there is', () => {
  expect(fitTwo([{ u: 2, v: -4, y: 3 }])).toEqual({ a: 1.5, b: 0 });
});
