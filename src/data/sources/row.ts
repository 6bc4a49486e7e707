import type { BadRows, Place } from '../bad-rows.js';
import type { JsonObject } from '../json.js';

/** One row of a data file, with where it stands. */
export interface Row extends Place {
  readonly value: JsonObject;
}

export interface ReadOptions {
  /** Bad rows are listed here and left out; without it the first one is thrown. */
  readonly badRows?: BadRows;
  /** Names of the columns of a CSV or TSV file whose first line has none. */
  readonly header?: readonly string[];
  readonly signal?: AbortSignal;
}
