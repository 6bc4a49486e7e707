import { withRoomFor } from './growable.js';

/** A hash table from pairs of token ids to slots 0, 1, 2, …, in order of insertion. */
export class PairTable {
  size = 0;
  left = new Int32Array(1024);
  right = new Int32Array(1024);
  /** Slot + 1 by hash, 0 where free; a power of two long, at most half full. */
  #buckets = new Int32Array(2048);

  /** The pair's slot, or -1. */
  find(left: number, right: number): number {
    const mask = this.#buckets.length - 1;
    for (let bucket = hash(left, right) & mask; ; bucket = (bucket + 1) & mask) {
      const slot = (this.#buckets[bucket] as number) - 1;
      if (slot < 0 || (this.left[slot] === left && this.right[slot] === right)) return slot;
    }
  }

  /** The pair's slot; a new pair gets the next one. */
  add(left: number, right: number): number {
    const mask = this.#buckets.length - 1;
    let bucket = hash(left, right) & mask;
    for (; ; bucket = (bucket + 1) & mask) {
      const slot = (this.#buckets[bucket] as number) - 1;
      if (slot < 0) break;
      if (this.left[slot] === left && this.right[slot] === right) return slot;
    }
    const slot = this.size++;
    this.left = withRoomFor(this.left, this.size);
    this.right = withRoomFor(this.right, this.size);
    this.left[slot] = left;
    this.right[slot] = right;
    this.#buckets[bucket] = slot + 1;
    if (this.size * 2 > this.#buckets.length) this.#rehash();
    return slot;
  }

  #rehash(): void {
    const buckets = new Int32Array(this.#buckets.length * 2);
    const mask = buckets.length - 1;
    for (let slot = 0; slot < this.size; slot++) {
      let bucket = hash(this.left[slot] as number, this.right[slot] as number) & mask;
      while (buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      buckets[bucket] = slot + 1;
    }
    this.#buckets = buckets;
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 7;
}
