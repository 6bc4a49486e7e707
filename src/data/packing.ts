/** Sequences that share a row, as indices into the lengths, in the order in which they stand. */
export type PackedRow = readonly number[];

export interface PackingOptions {
  /** Indices into the lengths, in the order that decides between equals. Default: as they stand. */
  readonly order?: ArrayLike<number>;
  /** Other measures of each sequence, of which a row holds at most `limit`. No sequence has more. */
  readonly others?: readonly { readonly sizes: ArrayLike<number>; readonly limit: number }[];
}

/** How many rows with equal room are looked at for one that is not full by another measure. */
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
  { order, others = [] }: PackingOptions = {},
): PackedRow[] {
  const indices = order === undefined ? Array.from(lengths, (_, index) => index) : Array.from(order);
  indices.sort((a, b) => lengths[b]! - lengths[a]!);
  const rows: Row[] = [];
  const withRoom: Row[][] = Array.from({ length: capacity + 1 }, () => []);
  for (const index of indices) {
    const length = lengths[index]!;
    const fits = ({ sizes }: Row): boolean =>
      others.every((other, measure) => sizes[measure]! + other.sizes[index]! <= other.limit);
    let room = length;
    let row: Row | undefined;
    while (room <= capacity && (row = takeRow(withRoom[room]!, fits)) === undefined) room++;
    if (row === undefined) {
      row = { sequences: [], sizes: others.map(() => 0) };
      rows.push(row);
      room = capacity;
    }
    row.sequences.push(index);
    for (const [measure, { sizes }] of others.entries()) row.sizes[measure]! += sizes[index]!;
    withRoom[room - length]!.push(row);
  }
  return rows.map(({ sequences }) => sequences);
}

interface Row {
  readonly sequences: number[];
  /** By each of the other measures. */
  readonly sizes: number[];
}

/** Takes the last row out that has room by the other measures too. */
function takeRow(rows: Row[], fits: (row: Row) => boolean): Row | undefined {
  const end = Math.max(0, rows.length - tries);
  for (let at = rows.length - 1; at >= end; at--) if (fits(rows[at]!)) return rows.splice(at, 1)[0];
  return undefined;
}
