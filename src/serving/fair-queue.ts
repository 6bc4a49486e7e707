/** A line for each client, served in turn: who asks much waits behind its own requests, not before those of others. */
export class FairQueue<Item> {
  /** In the order of their turns. */
  readonly #lines = new Map<string, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(client: string, item: Item): void {
    const line = this.#lines.get(client);
    if (line) line.push(item);
    else this.#lines.set(client, [item]);
    this.#size++;
  }

  /** At most so many, one of each client in turn; a client's own in the order in which they came. */
  take(most: number): Item[] {
    const taken: Item[] = [];
    while (taken.length < most) {
      const [next] = this.#lines;
      if (next === undefined) break;
      const [client, line] = next;
      taken.push(line.shift()!);
      this.#lines.delete(client);
      if (line.length > 0) this.#lines.set(client, line);
    }
    this.#size -= taken.length;
    return taken;
  }

  /** Takes out those that nobody waits for any more. */
  remove(isGone: (item: Item) => boolean): void {
    for (const [client, line] of this.#lines) {
      const rest = line.filter((item) => !isGone(item));
      this.#size -= line.length - rest.length;
      if (rest.length === 0) this.#lines.delete(client);
      else this.#lines.set(client, rest);
    }
  }
}
