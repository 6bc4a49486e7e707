import { withRoomFor } from './growable.js';
import { PairTable } from './pair-table.js';

/** One merge: `left` and `right`, where they meet, become `merged`. */
export interface Merge {
  left: number;
  right: number;
  merged: number;
}

/**
 * Applies merges to a sequence of ids: always the merge of lowest rank, the leftmost first (Sennrich et al. 2016).
 * A heap of candidates over a linked list makes that O(n log n), also for a piece of a million characters.
 */
export class Merger {
  readonly #pairs = new PairTable();
  readonly #merged: Int32Array;
  #ids = new Int32Array(256);
  #previous = new Int32Array(256);
  #next = new Int32Array(256);
  /** Candidates as rank · 2^32 + position: ordered by rank, then from left to right. */
  #heap = new Float64Array(256);
  #heapSize = 0;

  constructor(merges: readonly Merge[]) {
    this.#merged = new Int32Array(merges.length);
    for (const { left, right, merged } of merges) {
      const rank = this.#pairs.size;
      // A pair that is listed twice keeps its first rank.
      if (this.#pairs.add(left, right) === rank) this.#merged[rank] = merged;
    }
  }

  /** Merges the first `length` elements of `ids` in place; returns how many are left. */
  merge(ids: Int32Array, length: number): number {
    if (length < 2) return length;
    this.#prepare(ids, length);
    const list = this.#ids;
    while (this.#heapSize > 0) {
      const key = this.#pop();
      const rank = Math.floor(key / 0x100000000);
      const position = key % 0x100000000;
      const after = this.#next[position] as number;
      // Candidates are not taken out of the heap when a neighbour changes: those out of date are passed over here.
      if (after < 0 || list[position] !== this.#pairs.left[rank] || list[after] !== this.#pairs.right[rank]) continue;
      list[position] = this.#merged[rank] as number;
      list[after] = -1;
      const following = this.#next[after] as number;
      this.#next[position] = following;
      this.#next[after] = -1;
      if (following >= 0) {
        this.#previous[following] = position;
        this.#offer(position, following);
      }
      const before = this.#previous[position] as number;
      if (before >= 0) this.#offer(before, position);
    }
    let count = 0;
    for (let position = 0; position >= 0; position = this.#next[position] as number) {
      ids[count++] = list[position] as number;
    }
    return count;
  }

  #prepare(ids: Int32Array, length: number): void {
    this.#ids = withRoomFor(this.#ids, length);
    this.#previous = withRoomFor(this.#previous, length);
    this.#next = withRoomFor(this.#next, length);
    this.#ids.set(ids.subarray(0, length));
    for (let position = 0; position < length; position++) {
      this.#previous[position] = position - 1;
      this.#next[position] = position + 1 < length ? position + 1 : -1;
      if (position > 0) this.#offer(position - 1, position);
    }
  }

  /** Pushes the pair at two neighbouring positions, when there is a merge for it. */
  #offer(position: number, after: number): void {
    const rank = this.#pairs.find(this.#ids[position] as number, this.#ids[after] as number);
    if (rank < 0) return;
    this.#heap = withRoomFor(this.#heap, this.#heapSize + 1);
    const heap = this.#heap;
    const key = rank * 0x100000000 + position;
    let index = this.#heapSize++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as number) <= key) break;
      heap[index] = heap[parent] as number;
      index = parent;
    }
    heap[index] = key;
  }

  #pop(): number {
    const heap = this.#heap;
    const top = heap[0] as number;
    const size = --this.#heapSize;
    const key = heap[size] as number;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++;
      if ((heap[child] as number) >= key) break;
      heap[index] = heap[child] as number;
      index = child;
    }
    heap[index] = key;
    return top;
  }
}
