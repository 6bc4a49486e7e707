/** Sequences that share a row, as indices into the lengths, in the order in which they stand. */
export type PackedRow = readonly number[];

/**
 * Best-fit decreasing bin packing: the longest sequence first, each into the fullest row that still has room for it.
 * No sequence is cut. Sequences of equal length keep their order, so the result is a function of the arguments.
 *
 * @param lengths none above `capacity`
 * @param order indices into `lengths` in the order that decides between equals. Default: as they stand.
 */
export function packBestFit(lengths: ArrayLike<number>, capacity: number, order?: ArrayLike<number>): PackedRow[] {
  const indices = order === undefined ? Array.from(lengths, (_, index) => index) : Array.from(order);
  indices.sort((a, b) => lengths[b]! - lengths[a]!);
  const rows: number[][] = [];
  /** Rows by the room that is left in them. */
  const withRoom: number[][][] = Array.from({ length: capacity + 1 }, () => []);
  for (const index of indices) {
    const length = lengths[index]!;
    let room = length;
    while (room <= capacity && withRoom[room]!.length === 0) room++;
    let row: number[];
    if (room <= capacity) row = withRoom[room]!.pop()!;
    else {
      row = [];
      rows.push(row);
      room = capacity;
    }
    row.push(index);
    withRoom[room - length]!.push(row);
  }
  return rows;
}
