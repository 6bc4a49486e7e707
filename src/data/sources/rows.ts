import { DataError } from '../../errors.js';
import { readChatterbot } from './chatterbot.js';
import { listDataFiles, type DataFile } from './files.js';
import { readJsonArray, readJsonLines } from './json.js';
import { readParquet } from './parquet.js';
import type { ReadOptions, Row } from './row.js';
import { readTable } from './table.js';

export interface RowOptions extends ReadOptions {
  /** Files and folders. */
  readonly paths: string | readonly string[];
}

/**
 * Streams the rows of JSONL, JSON, CSV, TSV and Parquet files, each also gzipped, in the order of the paths.
 *
 * @throws DataError for a missing or damaged file, and BadRowError for a bad row unless `badRows` is given.
 */
export async function* readRows(options: RowOptions): AsyncGenerator<Row> {
  for (const file of await listDataFiles(options.paths, (kind) => kind !== 'text')) yield* readRowsOf(file, options);
}

/** Streams the rows of one file. */
export async function* readRowsOf(file: DataFile, options: ReadOptions = {}): AsyncGenerator<Row> {
  switch (file.kind) {
    case 'jsonl':
      yield* readJsonLines(file, options);
      break;
    case 'json':
      yield* readJsonArray(file, options);
      break;
    case 'csv':
    case 'tsv':
      yield* readTable(file, options);
      break;
    case 'parquet':
      yield* readParquet(file, options);
      break;
    case 'chatterbot':
      yield* readChatterbot(file, options);
      break;
    case 'text':
      throw new DataError(`${file.path}: a text file has no rows`, {
        advice: 'Give rows as .jsonl, .json, .csv, .tsv or .parquet.',
      });
  }
}
