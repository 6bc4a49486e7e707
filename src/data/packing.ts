/** Sequences that share a row, as indices into the lengths, in the order in which they stand. */
export type PackedRow = readonly number[];

export interface PackingOptions {
  /** Indices into the lengths, in the order that decides between equals. Default: as they stand. */
  readonly order?: ArrayLike<number>;
  /** A second measure of each sequence, of which a row holds at most `limit`. No sequence has more. */
  readonly second?: { readonly sizes: ArrayLike<number>; readonly limit: number };
}

/** How many rows with equal room are looked at for one that is not full by the second measure. */
const tries = 8;

/**
 * Best-fit decreasing bin packing: the longest sequence first, each into the fullest row that still has room for it.
 * No sequence is cut. Sequences of equal length keep their order, so the result is a function of the arguments.
 *
 * @param lengths none above `capacity`
 */
export function packBestFit(
  lengths: ArrayLike<number>,
  capacity: number,
  { order, second }: PackingOptions = {},
): PackedRow[] {
  const indices = order === undefined ? Array.from(lengths, (_, index) => index) : Array.from(order);
  indices.sort((a, b) => lengths[b]! - lengths[a]!);
  const sizeOf = (index: number): number => second?.sizes[index] ?? 0;
  const limit = second?.limit ?? 0;
  const rows: Row[] = [];
  const withRoom: Row[][] = Array.from({ length: capacity + 1 }, () => []);
  for (const index of indices) {
    const length = lengths[index]!;
    const size = sizeOf(index);
    let room = length;
    let row: Row | undefined;
    while (room <= capacity && (row = takeRow(withRoom[room]!, limit - size)) === undefined) room++;
    if (row === undefined) {
      row = { sequences: [], size: 0 };
      rows.push(row);
      room = capacity;
    }
    row.sequences.push(index);
    row.size += size;
    withRoom[room - length]!.push(row);
  }
  return rows.map(({ sequences }) => sequences);
}

interface Row {
  readonly sequences: number[];
  /** By the second measure. */
  size: number;
}

/** Takes the last row out whose size is not above `largest`. */
function takeRow(rows: Row[], largest: number): Row | undefined {
  const end = Math.max(0, rows.length - tries);
  for (let at = rows.length - 1; at >= end; at--) if (rows[at]!.size <= largest) return rows.splice(at, 1)[0];
  return undefined;
}
