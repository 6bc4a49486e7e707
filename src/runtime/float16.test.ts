import { describe, expect, it } from 'vitest';
import { narrowFloat16, widenFloat16 } from './float16.js';

const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const numbers = widenFloat16(all);
/** All but the largest, from 0 on: each has a next one. */
const positive = all.subarray(0, 0x7bff);

/** The bits whose numbers, changed so, do not become the bits expected. */
const wrong = (change: (bits: number) => number, expected: (bits: number) => number): Uint16Array => {
  const narrowed = narrowFloat16(Float32Array.from(positive, change));
  return positive.filter((bits) => narrowed[bits] !== expected(bits));
};

describe('half precision', () => {
  it('keeps every number that it has', () => {
    const again = narrowFloat16(numbers);
    expect(all.filter((bits) => again[bits] !== bits && !Number.isNaN(numbers[bits]))).toHaveLength(0);
  });

  it('takes the nearest of two numbers, and halfway the one whose last bit is 0', () => {
    const halfway = (bits: number): number => (numbers[bits]! + numbers[bits + 1]!) / 2;
    expect(wrong(halfway, (bits) => bits + (bits % 2))).toHaveLength(0);
    expect(
      wrong(
        (bits) => halfway(bits) * (1 + 2 ** -22),
        (bits) => bits + 1,
      ),
    ).toHaveLength(0);
    expect(
      wrong(
        (bits) => halfway(bits) * (1 - 2 ** -22),
        (bits) => bits,
      ),
    ).toHaveLength(0);
  });

  it('knows its limits', () => {
    const edge = Float32Array.of(65519.996, 65520, -Infinity, 1e-8, -0, NaN);
    expect([...narrowFloat16(edge)]).toEqual([0x7bff, 0x7c00, 0xfc00, 0, 0x8000, 0x7e00]);
  });
});
