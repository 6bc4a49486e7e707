import { withRoomFor } from './growable.js';
import type { PairTable } from './pair-table.js';

/** A heap of pairs: the highest count first, ties to the smaller left id, then to the smaller right id. */
export class PairHeap {
  size = 0;
  readonly #pairs: PairTable;
  #slots = new Int32Array(1024);
  #counts = new Float64Array(1024);

  constructor(pairs: PairTable) {
    this.#pairs = pairs;
  }

  /** The count that the first pair had when it was pushed; 0 when the heap is empty. */
  get topCount(): number {
    return this.size > 0 ? (this.#counts[0] as number) : 0;
  }

  push(slot: number, count: number): void {
    this.#slots = withRoomFor(this.#slots, this.size + 1);
    this.#counts = withRoomFor(this.#counts, this.size + 1);
    let index = this.size++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#isBefore(parent, slot, count)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#set(index, slot, count);
  }

  /** Takes the first pair's slot out. */
  pop(): number {
    const top = this.#slots[0] as number;
    this.size--;
    if (this.size > 0) this.#sink(this.#slots[this.size] as number, this.#counts[this.size] as number);
    return top;
  }

  #sink(slot: number, count: number): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.size) break;
      const sibling = child + 1;
      if (sibling < this.size && this.#isBefore(sibling, this.#slots[child] as number, this.#counts[child] as number)) {
        child = sibling;
      }
      if (!this.#isBefore(child, slot, count)) break;
      this.#move(child, index);
      index = child;
    }
    this.#set(index, slot, count);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#slots[from] as number, this.#counts[from] as number);
  }

  #set(index: number, slot: number, count: number): void {
    this.#slots[index] = slot;
    this.#counts[index] = count;
  }

  #isBefore(index: number, slot: number, count: number): boolean {
    const own = this.#counts[index] as number;
    if (own !== count) return own > count;
    const ownSlot = this.#slots[index] as number;
    const { left, right } = this.#pairs;
    const ownLeft = left[ownSlot] as number;
    const otherLeft = left[slot] as number;
    if (ownLeft !== otherLeft) return ownLeft < otherLeft;
    return (right[ownSlot] as number) < (right[slot] as number);
  }
}
