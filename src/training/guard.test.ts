import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardSchema, initialGuardState, isExploding, watchLoss } from './guard.js';

/** The 1-based position of the loss that stops the run; undefined when none does. */
function stopsAt(losses: readonly number[], config: object = {}): number | undefined {
  let state = initialGuardState;
  for (const [index, loss] of losses.entries()) {
    state = watchLoss(state, loss);
    if (isExploding(state, guardSchema.parse(config))) return index + 1;
  }
  return undefined;
}

const repeat = (count: number, loss: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => loss(index));

describe('the guard', () => {
  it('lets a loss fall, rest, wander and spike', () => {
    expect(stopsAt(repeat(500, (i) => 10.8 * Math.exp(-i / 100) + Math.sin(i)))).toBeUndefined();
    expect(stopsAt([...repeat(100, () => 3), 60, ...repeat(100, () => 3)])).toBeUndefined();
    expect(stopsAt(repeat(500, (i) => -1000 + 200 * Math.sin(i / 20)))).toBeUndefined();
    expect(stopsAt(repeat(500, (i) => 0.01 * Math.sin(i)))).toBeUndefined();
  });

  it('stops one that explodes, within some twenty steps', () => {
    const start = repeat(100, (i) => 10 - i / 20);
    expect(stopsAt([...start, ...repeat(50, (i) => 5 * 2 ** i)])).toBeLessThan(110);
    expect(stopsAt([...start, ...repeat(50, () => 60)])).toBeLessThan(120);
    expect(stopsAt(repeat(500, (i) => i))).toBeLessThan(60);
  });

  it('asks for more where the settings do', () => {
    const losses = [...repeat(100, () => 1), ...repeat(100, () => 8)];
    expect(stopsAt(losses)).toBeDefined();
    expect(stopsAt(losses, { factor: 10 })).toBeUndefined();
    expect(stopsAt(losses, { exploding: false })).toBeUndefined();
  });

  it('judges a shifted negative loss no worse than an unshifted one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 60 }), (losses) => {
        expect(stopsAt(losses.map((loss) => loss - 5))).toBeUndefined();
      }),
    );
  });
});
