import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Series } from './series.js';

// JSON knows no −0.
const value = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((each) => each + 0);
const values = fc.array(value, { minLength: 1, maxLength: 300 });

function seriesOf(list: readonly number[], capacity: number): Series {
  const series = new Series(capacity);
  list.forEach((value, step) => series.append(step, value));
  return series;
}

describe('a curve in bounded memory', () => {
  it('keeps the least, the greatest, the last step and the mean', () => {
    fc.assert(
      fc.property(values, (list) => {
        const state = seriesOf(list, 8).state();
        expect(state.steps.length).toBeLessThanOrEqual(8);
        expect(Math.min(...state.low)).toBe(Math.min(...list));
        expect(Math.max(...state.high)).toBe(Math.max(...list));
        expect(state.steps.at(-1)).toBe(list.length - 1);
        const counts = state.steps.map((_, index) => (index < state.steps.length - 1 ? state.every : state.last));
        const total = counts.reduce((sum, count) => sum + count, 0);
        expect(total).toBe(list.length);
        const mean = state.mean.reduce((sum, each, index) => sum + each * counts[index]!, 0) / total;
        expect(mean).toBeCloseTo(list.reduce((sum, each) => sum + each, 0) / list.length, 3);
      }),
    );
  });

  it('is the same whether it was sent in the middle or not', () => {
    fc.assert(
      fc.property(values, fc.nat(300), (list, cut) => {
        const sent = Series.from(JSON.parse(JSON.stringify(seriesOf(list.slice(0, cut), 8).state())) as never, 8);
        list.slice(cut).forEach((value, index) => sent.append(Math.min(cut, list.length) + index, value));
        expect(sent.state()).toEqual(seriesOf(list, 8).state());
      }),
    );
  });

  it('smooths without a bias at the beginning, and a constant not at all', () => {
    expect(seriesOf([4, 4, 4, 4], 8).smoothed(0.9)).toEqual(
      [4, 4, 4, 4].map((value) => expect.closeTo(value, 9) as number),
    );
    const [first, second] = seriesOf([1, 3], 8).smoothed(0.5);
    expect(first).toBe(1);
    expect(second).toBeCloseTo((0.5 * 1 + 3) / 1.5, 12);
  });

  it('leaves out what is not finite', () => {
    expect(seriesOf([NaN, 1, Infinity], 8).state().steps).toEqual([1]);
  });
});
