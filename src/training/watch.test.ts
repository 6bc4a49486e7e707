import { describe, expect, it } from 'vitest';
import { type Watch, initialWatchState, watchFigures } from './watch.js';

const tooLow: Watch = ({ spread }) => ({ collapse: spread !== undefined && spread < 0.5 ? 'too low' : undefined });

/** The steps at which something is told, of a course of one figure. */
function toldAt(course: readonly number[], watch = tooLow): number[] {
  let state = initialWatchState;
  return course.flatMap((spread, step) => {
    const result = watchFigures(state, { spread }, watch);
    state = JSON.parse(JSON.stringify(result.state)) as typeof state;
    return result.warnings.map(() => step);
  });
}

const steps = (count: number, value: number | ((step: number) => number)): number[] =>
  Array.from({ length: count }, (_, step) => (typeof value === 'number' ? value : value(step)));

describe('the watch over figures', () => {
  it('waits before it says anything, then tells a lasting condition once', () => {
    const [first, ...again] = toldAt(steps(3000, 0.1));
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThan(400);
    expect(again).toEqual([]);
  });

  it('says nothing of what is bad at the start alone, nor of single steps', () => {
    expect(toldAt([...steps(80, 0), ...steps(600, 1)])).toEqual([]);
    expect(toldAt(steps(2000, (step) => (step % 3 === 0 ? 0 : 1)))).toEqual([]);
  });

  it('tells again what came back after it had passed, and nothing of a swing about the limit', () => {
    const course = [...steps(600, 0.1), ...steps(800, 1), ...steps(600, 0.1)];
    expect(toldAt(course)).toHaveLength(2);
    const swinging = steps(4000, (step) => 0.5 + 0.3 * Math.sin(step / 25));
    expect(toldAt(swinging).length).toBeLessThanOrEqual(1);
  });

  it('does without figures that are no numbers, or of losses that are seldom due', () => {
    expect(toldAt(steps(1000, NaN))).toEqual([]);
    let state = initialWatchState;
    const seen: number[] = [];
    const watch: Watch = ({ rare }) => ({ rare: rare === undefined ? undefined : 'seen' });
    for (let step = 0; step < 4000; step++) {
      const result = watchFigures(state, step % 16 === 0 ? { rare: 1 } : {}, watch);
      state = result.state;
      if (result.warnings.length > 0) seen.push(step);
    }
    expect(seen).toHaveLength(1);
  });

  it('tells conditions apart', () => {
    const both: Watch = ({ spread }) => ({
      low: spread !== undefined && spread < 0.5 ? 'low' : undefined,
      lower: spread !== undefined && spread < 0.2 ? 'lower' : undefined,
    });
    expect(toldAt([...steps(1000, 0.3), ...steps(1000, 0.1)], both)).toHaveLength(2);
  });
});
