import { DataError } from '../errors.js';

/** Where a row stands: its file, and its line there (for Parquet its row), both counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** Which element of a JSON array it is, from 1: such a file may have only one line. */
  readonly item?: number;
}

/** A place as messages write it: `file:line`, and the item where there is one. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}${place.item === undefined ? '' : ` (item ${place.item})`}`;
}

/** The place alone, of something that has one. */
export function placeOf({ file, line, item }: Place): Place {
  return item === undefined ? { file, line } : { file, line, item };
}

/** A row that cannot be used: where it stands, which field is wrong, and why. */
export class BadRowError extends DataError {
  readonly place: Place;
  readonly field: string | undefined;
  readonly why: string;

  constructor(place: Place, problem: { field?: string; why: string; advice?: string; cause?: unknown }) {
    const { field, why, cause } = problem;
    super(`${formatPlace(place)}: ${field === undefined ? '' : `field "${field}": `}${why}`, {
      advice: problem.advice ?? 'Mend the row, or pass --skip-bad to leave such rows out and have them listed.',
      cause,
    });
    this.place = placeOf(place);
    this.field = field;
    this.why = why;
  }
}

/** A list of rows that were left out. Readers that are given one go on after a bad row; without one they throw. */
export class BadRows {
  readonly #limit: number;
  readonly #listed: BadRowError[] = [];
  #count = 0;

  /** @param options.limit how many are kept in full; all are counted. Default 100. */
  constructor(options: { limit?: number } = {}) {
    this.#limit = options.limit ?? 100;
  }

  get count(): number {
    return this.#count;
  }

  /** The first bad rows, at most the limit. */
  get listed(): readonly BadRowError[] {
    return this.#listed;
  }

  add(error: BadRowError): void {
    this.#count++;
    if (this.#listed.length < this.#limit) this.#listed.push(error);
  }

  /** One line a row for at most `shown` of them, below a line with their number. */
  toString(shown = 20): string {
    if (this.#count === 0) return 'no bad rows';
    const listed = this.#listed.slice(0, shown);
    const more = this.#count - listed.length;
    return [
      `${this.#count} bad ${this.#count === 1 ? 'row' : 'rows'} left out:`,
      ...listed.map((error) => `  ${error.message}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n');
  }
}

/** Runs `read`; a bad row is added to `badRows` and gives undefined, or is thrown where there is no list. */
export function orSkip<T>(badRows: BadRows | undefined, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    reportBadRow(badRows, error);
    return undefined;
  }
}

/** Adds a bad row to the list; throws it where there is no list, and any other error always. */
export function reportBadRow(badRows: BadRows | undefined, error: unknown): void {
  if (badRows === undefined || !(error instanceof BadRowError)) throw error;
  badRows.add(error);
}
