import { ConfigError } from '../errors.js';

/** Draws the next number of a stream, uniform in [0, 1) with 53 random bits. */
export type Random = () => number;

/**
 * A stream of random numbers that is a pure function of (seed, purpose, step): the same three give the same numbers on
 * every machine, whatever was drawn elsewhere, which is what makes a resumed run equal to an unbroken one.
 * Philox-4x32-10 (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3").
 *
 * @throws ConfigError when seed or step is not a whole number of 0 or more.
 */
export function counterRandom(seed: number, purpose: string, step: number): Random {
  requireCounter('seed', seed);
  requireCounter('step', step);
  const key: Words2 = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  const stepLow = step >>> 0;
  const stepHigh = Math.floor(step / 2 ** 32);
  const stream = hashText(purpose);
  const words = new Uint32Array(4);
  let block = 0;
  let next = 4;
  return () => {
    if (next === 4) {
      words[0] = block++;
      words[1] = stepLow;
      words[2] = stepHigh;
      words[3] = stream;
      philox(words, key);
      next = 0;
    }
    const high = words[next++]! >>> 5;
    const low = words[next++]! >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
}

/** A number uniform in [low, high). */
export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** A whole number uniform in 0..count-1. */
export function integer(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** A number of the normal distribution with mean 0 and variance 1 (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Fills `target` with standard normal numbers and returns it; twice as fast as calling `normal` for each. */
export function fillNormal<T extends Float32Array | Float64Array>(random: Random, target: T): T {
  for (let i = 0; i < target.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    target[i] = radius * Math.cos(angle);
    if (i + 1 < target.length) target[i + 1] = radius * Math.sin(angle);
  }
  return target;
}

/** Brings `items` into a random order, in place, and returns it (Fisher and Yates). */
export function shuffle<T extends { length: number; [index: number]: unknown }>(random: Random, items: T): T {
  const list: { [index: number]: unknown } = items;
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = integer(random, last + 1);
    const held = list[last];
    list[last] = list[chosen];
    list[chosen] = held;
  }
  return items;
}

type Words2 = readonly [number, number];

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;

/** Ten rounds of Philox-4x32 over the four counter words, in place. Exported for its published test vectors. */
export function philox(words: Uint32Array, key: Words2): void {
  let a = words[0]!;
  let b = words[1]!;
  let c = words[2]!;
  let d = words[3]!;
  let k0 = key[0];
  let k1 = key[1];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(multiplier0, a);
    const low0 = Math.imul(multiplier0, a) >>> 0;
    const high1 = multiplyHigh(multiplier1, c);
    const low1 = Math.imul(multiplier1, c) >>> 0;
    a = (high1 ^ b ^ k0) >>> 0;
    b = low1;
    c = (high0 ^ d ^ k1) >>> 0;
    d = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit numbers, by halves of 16 bits. */
function multiplyHigh(x: number, y: number): number {
  const xLow = x & 0xffff;
  const xHigh = x >>> 16;
  const yLow = y & 0xffff;
  const yHigh = y >>> 16;
  const middle = xHigh * yLow + ((xLow * yLow) >>> 16);
  const carry = xLow * yHigh + (middle & 0xffff);
  return (xHigh * yHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** FNV-1a over UTF-16 code units: 32 bits, enough to keep a handful of purposes apart. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function requireCounter(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new ConfigError(`${name}: ${value} is not a whole number of 0 or more`);
}
