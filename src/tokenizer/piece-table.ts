import { withRoomFor } from './growable.js';

/**
 * A hash table keyed by a stretch of a text, without making a string of it: a corpus has millions of pieces, and
 * nearly all were seen before. Entries are numbered 0, 1, 2, … and carry one number each, 0 at first.
 */
export class PieceTable {
  size = 0;
  values = new Float64Array(1024);
  #hashes = new Int32Array(1024);
  /** Where each entry's UTF-16 units begin; one more than there are entries. */
  #starts = new Int32Array(1025);
  #units = new Uint16Array(8192);
  #buckets = new Int32Array(2048);

  /** The entry of `text.slice(start, end)`, made when new. */
  entry(text: string, start: number, end: number): number {
    let hash = end - start;
    for (let index = start; index < end; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#buckets.length - 1;
    let bucket = hash & mask;
    for (; ; bucket = (bucket + 1) & mask) {
      const entry = (this.#buckets[bucket] as number) - 1;
      if (entry < 0) break;
      if (this.#hashes[entry] === hash && this.#matches(entry, text, start, end)) return entry;
    }
    this.#buckets[bucket] = this.size + 1;
    return this.#append(hash, text, start, end);
  }

  /** The text of an entry. */
  piece(entry: number): string {
    const units = this.#units.subarray(this.#starts[entry], this.#starts[entry + 1]);
    let text = '';
    for (let index = 0; index < units.length; index += 4096) {
      text += String.fromCharCode(...units.subarray(index, index + 4096));
    }
    return text;
  }

  #matches(entry: number, text: string, start: number, end: number): boolean {
    let unit = this.#starts[entry] as number;
    if ((this.#starts[entry + 1] as number) - unit !== end - start) return false;
    for (let index = start; index < end; index++) {
      if (this.#units[unit++] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  #append(hash: number, text: string, start: number, end: number): number {
    const entry = this.size++;
    let unit = this.#starts[entry] as number;
    this.values = withRoomFor(this.values, this.size);
    this.#hashes = withRoomFor(this.#hashes, this.size);
    this.#starts = withRoomFor(this.#starts, this.size + 1);
    this.#units = withRoomFor(this.#units, unit + end - start);
    this.#hashes[entry] = hash;
    for (let index = start; index < end; index++) this.#units[unit++] = text.charCodeAt(index);
    this.#starts[entry + 1] = unit;
    if (this.size * 2 > this.#buckets.length) this.#rehash();
    return entry;
  }

  #rehash(): void {
    const buckets = new Int32Array(this.#buckets.length * 2);
    const mask = buckets.length - 1;
    for (let entry = 0; entry < this.size; entry++) {
      let bucket = (this.#hashes[entry] as number) & mask;
      while (buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      buckets[bucket] = entry + 1;
    }
    this.#buckets = buckets;
  }
}
