import { type Random, counterRandom, integer, shuffle } from '../../tensor/random.js';

/** Which part of the data something belongs to. Nothing of one part ever appears in another. */
export type Split = 'training' | 'development' | 'evaluation';

/** A 32-bit hash of a text (FNV-1a, then murmur3's finaliser, so that close texts land far apart). */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * The part a key belongs to, by its hash alone: it never depends on a seed, so what is held out of one run is
 * held out of all. `heldOut` is the share of development and evaluation together, each half of it.
 */
export function splitOf(key: string, heldOut: number): Split {
  const position = hashText(key) / 2 ** 32;
  if (position >= heldOut) return 'training';
  return position < heldOut / 2 ? 'evaluation' : 'development';
}

/** A seeded stream of choices. The same seed, purpose and step give the same choices, whatever was drawn elsewhere. */
export class Choice {
  private readonly random: Random;

  constructor(seed: number, purpose: string, step = 0) {
    this.random = counterRandom(seed, purpose, step);
  }

  /** A whole number in [0, below). */
  integer(below: number): number {
    return integer(this.random, below);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new RangeError('pick: there is nothing to choose from');
    return values[this.integer(values.length)]!;
  }

  /** One of the keys, as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries<number>(weights) as [Key, number][];
    let left = this.random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return entries[entries.length - 1]![0];
  }

  /** A shuffled copy. */
  shuffle<Value>(values: readonly Value[]): Value[] {
    return shuffle(this.random, [...values]);
  }
}
