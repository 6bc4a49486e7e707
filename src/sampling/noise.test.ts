import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseBatch, noiseBySeed, noiseOf, noiseWalk, onArc } from './noise.js';

const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
const numbers = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 8 });

describe('the arc between two noises', () => {
  it('begins and ends at them, and its points are between them in length and in angle', () => {
    fc.assert(
      fc.property(numbers, fc.float({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const from = Float32Array.from(values);
        const to = Float32Array.from(values, (value, at) => Math.cos(value + at) + 0.1);
        fc.pre(length(from) > 0.1 && length(to) > 0.1);
        const near = (a: Float32Array, b: Float32Array) => {
          expect(length(a.map((value, at) => value - b[at]!))).toBeLessThan(1e-4 * (1 + length(b)));
        };
        near(onArc(from, to, 0), from);
        near(onArc(from, to, 1), to);
        near(onArc(from, to, share), onArc(to, from, 1 - share));
        near(onArc(from, from, share), from);
      }),
    );
  });

  it('keeps the length of vectors of one length, where the line would not', () => {
    const [from, to] = [Float32Array.of(3, 0, 0), Float32Array.of(0, 0, 3)];
    for (const share of [0.1, 0.5, 0.9]) expect(length(onArc(from, to, share))).toBeCloseTo(3, 5);
    expect(
      onArc(
        from,
        from.map((x) => -x),
        0.5,
      ),
    ).toEqual(Float32Array.of(0, 0, 0));
  });

  it('is between images two by two, in each row', () => {
    const walk = noiseWalk(5, 4);
    expect(walk('z', 0, 6)).toEqual(noiseOf(5, 'z', 0, 6));
    expect(length(walk('z', 3, 6).map((value, at) => value - noiseOf(5, 'z', 1, 6)[at]!))).toBeLessThan(1e-5);
    expect(walk('z', 4, 6)).toEqual(noiseOf(5, 'z', 2, 6));
    expect(noiseWalk(5, 1)('z', 1, 6)).toEqual(noiseOf(5, 'z', 2, 6));
  });
});

describe('the noise of a batch', () => {
  it('is that of its images, whatever the batch, and zeros where there is none', () => {
    const batch = (indices: number[]) =>
      noiseBatch({ z: [2, 3] }, { batchSize: 3, source: noiseBySeed(1), indices, temperature: 0.5 })['z']!;
    const [one, other] = [batch([4, 7]), batch([7])];
    expect(one.slice(6, 12)).toEqual(other.slice(0, 6));
    expect(one.slice(0, 6)).toEqual(noiseOf(1, 'z', 4, 6).map((value) => 0.5 * value));
    expect(Array.from(one.slice(12))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
