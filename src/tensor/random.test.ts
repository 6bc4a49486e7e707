import { describe, expect, it } from 'vitest';
import { counterRandom, fillNormal, integer, normal, philox, shuffle, uniform } from './random.js';

const draw = (count: number, seed = 1, purpose = 'test', step = 0): number[] => {
  const random = counterRandom(seed, purpose, step);
  return Array.from({ length: count }, () => random());
};

describe('counterRandom', () => {
  it('is Philox-4x32-10: the known answers of the Random123 library', () => {
    const answers: [number[], [number, number], number[]][] = [
      [
        [0, 0, 0, 0],
        [0, 0],
        [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
      ],
      [
        [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
        [0xffffffff, 0xffffffff],
        [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
      ],
      [
        [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
        [0xa4093822, 0x299f31d0],
        [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
      ],
    ];
    for (const [counter, key, expected] of answers) {
      const words = Uint32Array.from(counter);
      philox(words, key);
      expect([...words]).toEqual(expected);
    }
  });

  it('is a function of seed, purpose and step alone, and each of the three matters', () => {
    expect(draw(9)).toEqual(draw(9));
    const streams = [draw(5), draw(5, 2), draw(5, 1 + 2 ** 32), draw(5, 1, 'other'), draw(5, 1, 'test', 1)];
    streams.push(draw(5, 1, 'test', 2 ** 32));
    expect(new Set(streams.map(String)).size).toBe(streams.length);
  });

  it('fills [0, 1) evenly, with no tie between neighbours', () => {
    const numbers = draw(40_000);
    const bins = new Array<number>(20).fill(0);
    for (const number of numbers) bins[Math.floor(number * 20)]! += 1;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chiSquare).toBeLessThan(50);
    const product = numbers.slice(1).reduce((sum, x, i) => sum + (x - 0.5) * (numbers[i]! - 0.5), 0) / numbers.length;
    expect(Math.abs(product)).toBeLessThan(0.002);
  });

  it('refuses a seed that is no whole number, by its name', () => {
    expect(() => counterRandom(0.5, 'test', 0)).toThrow('seed: 0.5 is not a whole number of 0 or more');
    expect(() => counterRandom(0, 'test', -1)).toThrow('step: -1');
  });
});

describe('the helpers', () => {
  it('normal numbers have the moments of the normal distribution', () => {
    const random = counterRandom(3, 'normal', 0);
    const one = Array.from({ length: 20_001 }, () => normal(random));
    for (const numbers of [one, [...fillNormal(random, new Float64Array(20_001))]]) {
      const moment = (power: number) => numbers.reduce((sum, x) => sum + x ** power, 0) / numbers.length;
      expect(Math.abs(moment(1))).toBeLessThan(0.03);
      expect(Math.abs(moment(2) - 1)).toBeLessThan(0.05);
      expect(Math.abs(moment(3))).toBeLessThan(0.1);
      expect(Math.abs(moment(4) - 3)).toBeLessThan(0.25);
    }
  });

  it('whole numbers and ranges stay inside their bounds and reach all of them', () => {
    const random = counterRandom(3, 'integer', 0);
    const seen = new Set(Array.from({ length: 500 }, () => integer(random, 7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (let i = 0; i < 100; i++) expect(Math.abs(uniform(random, -2, 2))).toBeLessThanOrEqual(2);
  });

  it('shuffling keeps every item and makes every order equally likely', () => {
    const random = counterRandom(3, 'shuffle', 0);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = shuffle(random, [1, 2, 3]).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(
      [
        ...shuffle(
          random,
          Uint32Array.from({ length: 50 }, (_, i) => i),
        ),
      ].sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});
