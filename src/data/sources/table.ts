import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse, type CsvError, type InfoRecord } from 'csv-parse';
import { BadRowError, reportBadRow } from '../bad-rows.js';
import { countLines, readText, type DataFile } from './files.js';
import type { ReadOptions, Row } from './row.js';

interface ParsedRecord {
  readonly record: Record<string, string>;
  readonly raw: string;
  readonly info: InfoRecord;
}

/** Rows of a CSV or TSV file, whose first line names the columns where no header is given. A row's line is the one where it begins. */
export async function* readTable(file: DataFile, options: ReadOptions = {}): AsyncGenerator<Row> {
  /** Bad rows that the parser met since the last good one. */
  const skipped: BadRowError[] = [];
  const parser = parse({
    columns: options.header ? [...options.header] : (names: string[]) => requireColumns(file, names),
    delimiter: file.kind === 'tsv' ? '\t' : ',',
    // A quote inside an unquoted field is common in TSV, where quoting is not.
    relax_quotes: file.kind === 'tsv',
    skip_empty_lines: true,
    info: true,
    raw: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) skipped.push(describeError(file, error));
      return undefined;
    },
  });
  // A failure of the source reaches the loop below through the parser, so there is nothing to do with it here.
  const feeding = pipeline(Readable.from(readText(file, options.signal)), parser).catch(() => undefined);
  const reportSkipped = (): void => {
    for (const error of skipped.splice(0)) reportBadRow(options.badRows, error);
  };
  try {
    for await (const item of parser) {
      reportSkipped();
      const { record, raw, info } = item as ParsedRecord;
      const line = info.lines - countLines(raw.trim());
      yield { value: record, file: file.path, line };
    }
    reportSkipped();
  } finally {
    parser.destroy();
    await feeding;
  }
}

function requireColumns(file: DataFile, names: string[]): string[] {
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return names;
  throw new BadRowError(
    { file: file.path, line: 1 },
    { field: repeated, why: 'two columns have this name', advice: 'The first line must name every column once.' },
  );
}

function describeError(file: DataFile, error: CsvError): BadRowError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
  const why = error.message.replace(/ (on|at) line \d+.*$/s, '').replace(/^./, (letter) => letter.toLowerCase());
  return new BadRowError({ file: file.path, line }, { why, cause: error });
}
