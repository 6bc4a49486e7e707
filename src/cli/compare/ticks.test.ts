import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ticksAround, ticksWithin } from './ticks.js';

it('are round, and stand where they are wanted', () => {
  expect(ticksWithin(0.07, 0.93)).toEqual([0.5]);
  expect(ticksWithin(-3, 9)).toEqual([0, 5]);
  expect(ticksAround(0.31, 0.58)).toEqual([0.3, 0.4, 0.5, 0.6]);
  expect(ticksAround(0.5, 0.5)).toEqual([0.5, 0.6]);
  expect(ticksAround(0, 0)).toEqual([0, 0.2]);
});

it('lie inside an interval, or around it, at equal distances', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (least, span) => {
      const slack = 1e-6 * span;
      const within = ticksWithin(least, least + span);
      expect(within.length).toBeLessThanOrEqual(5);
      for (const tick of within) {
        expect(tick).toBeGreaterThanOrEqual(least - slack);
        expect(tick).toBeLessThanOrEqual(least + span + slack);
      }
      const around = ticksAround(least, least + span);
      expect(around.length).toBeLessThanOrEqual(7);
      expect(around[0]).toBeLessThanOrEqual(least + slack);
      expect(around.at(-1)).toBeGreaterThanOrEqual(least + span - slack);
    }),
  );
});
