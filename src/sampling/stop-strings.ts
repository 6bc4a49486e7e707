/**
 * Finds the first of some texts in a text that arrives in pieces, and passes on what can no longer be part of one.
 * What might be the beginning of a stop string is held back until the next piece tells.
 */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = '';
  #found: string | undefined;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** The stop string that was met, once it was. */
  get found(): string | undefined {
    return this.#found;
  }

  /** Takes a piece and returns the text that is safe to show. After a stop string, nothing is. */
  push(piece: string): string {
    if (this.#found !== undefined) return '';
    const text = this.#held + piece;
    const hit = this.#earliest(text);
    if (hit) {
      this.#found = hit.stop;
      this.#held = '';
      return text.slice(0, hit.at);
    }
    const safe = text.length - this.#longestBeginning(text);
    this.#held = text.slice(safe);
    return text.slice(0, safe);
  }

  /** The text still held back, when no more will come. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  /** The first to be complete; of two that end together, the longer: the same however the text is cut into pieces. */
  #earliest(text: string): { at: number; stop: string } | undefined {
    let best: { at: number; stop: string } | undefined;
    for (const stop of this.#stops) {
      const at = text.indexOf(stop);
      if (at < 0) continue;
      const end = at + stop.length;
      const bestEnd = best ? best.at + best.stop.length : Infinity;
      if (end < bestEnd || (end === bestEnd && at < best!.at)) best = { at, stop };
    }
    return best;
  }

  /** Length of the longest end of the text that begins some stop string. */
  #longestBeginning(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
