import { DataError } from '../../errors.js';
import { BadRowError, reportBadRow, type Place } from '../bad-rows.js';
import { nameOf } from '../json.js';
import { countLines, listDataFiles, readText, type DataFile } from './files.js';
import type { ReadOptions } from './row.js';
import { readRowsOf } from './rows.js';

/**
 * A stretch of a document. Most documents are one part; a long one comes in several, cut where no token crosses, so
 * that a corpus of one huge file streams too.
 */
export interface DocumentPart extends Place {
  readonly text: string;
  /** True on the last part of a document. */
  readonly ends: boolean;
}

/** Documents as functions take them: an array, a generator or a stream. */
export type Documents = Iterable<DocumentPart> | AsyncIterable<DocumentPart>;

/** Texts that are in memory as documents, one each. */
export function* documentsFromTexts(texts: Iterable<string>, name = 'texts in memory'): Generator<DocumentPart> {
  let line = 1;
  for (const text of texts) yield { text, file: name, line: line++, ends: true };
}

export interface DocumentOptions extends ReadOptions {
  /** Files and folders. */
  readonly paths: string | readonly string[];
  /** What stands between two documents of a text file. Default `<|endoftext|>`; null makes each file one document. */
  readonly separator?: string | null;
  /** The field of JSON, CSV and Parquet rows that holds the text. Default `text`. */
  readonly field?: string;
  /** Drop white space around a document of a text file. Default true. */
  readonly trim?: boolean;
  /** Longest part in UTF-16 code units. Default 2^20. */
  readonly partLength?: number;
}

/**
 * Streams documents from text files (split at the separator, otherwise one a file) and from rows (one a row).
 * Documents of nothing but white space are left out.
 *
 * @throws DataError for a missing or damaged file, and BadRowError for a bad row unless `badRows` is given.
 */
export async function* readDocuments(options: DocumentOptions): AsyncGenerator<DocumentPart> {
  const { separator = '<|endoftext|>', field = 'text', partLength = 2 ** 20, trim = true, signal } = options;
  if (separator === '') throw new DataError('The separator of documents is empty', { advice: 'Use null for none.' });
  for (const file of await listDataFiles(options.paths)) {
    if (file.kind === 'text') yield* readTextFile(file, { separator, partLength, trim, signal });
    else yield* readTextRows(file, field, options);
  }
}

async function* readTextRows(file: DataFile, field: string, options: ReadOptions): AsyncGenerator<DocumentPart> {
  for await (const { value, ...place } of readRowsOf(file, options)) {
    const text = value[field];
    if (typeof text === 'string') {
      if (text.trim() !== '') yield { ...place, text: text.trim(), ends: true };
      continue;
    }
    const why = `should be the text of a document, but is ${nameOf(text)}; the row is ${nameOf(value)}`;
    const advice = 'Name the field that holds the text with --field.';
    reportBadRow(options.badRows, new BadRowError(place, { field, why, advice }));
  }
}

async function* readTextFile(
  file: DataFile,
  options: { separator: string | null; partLength: number; trim: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<DocumentPart> {
  const { separator, partLength, trim } = options;
  let held = '';
  let line = 1;
  /** A part is held back until it is known whether it is its document's last. */
  let waiting: DocumentPart | undefined;

  /** Takes the next `length` characters as a part, and drops `skip` more: a separator. */
  function* take(length: number, ends: boolean, skip = 0): Generator<DocumentPart> {
    let text = held.slice(0, length);
    const start = trim && waiting === undefined ? text.length - text.trimStart().length : 0;
    const at = line + countLines(text.slice(0, start));
    line += countLines(held.slice(0, length + skip));
    held = held.slice(length + skip);
    text = text.slice(start);
    if (ends && trim) text = text.trimEnd();
    const blank = text.trim() === '';
    if (ends && blank && waiting !== undefined) {
      const last = trim ? waiting.text.trimEnd() : waiting.text + text;
      yield { ...waiting, text: last, ends: true };
      waiting = undefined;
    } else if (!blank || waiting !== undefined) {
      if (waiting !== undefined) yield waiting;
      const part = { text, file: file.path, line: at, ends };
      waiting = ends ? undefined : part;
      if (ends) yield part;
    }
  }

  for await (const chunk of readText(file, options.signal)) {
    // What was held was searched before, except where a separator may lie across the border.
    const from = separator === null ? 0 : Math.max(0, held.length - separator.length);
    held += chunk;
    if (separator !== null) {
      for (let at = held.indexOf(separator, from); at !== -1; at = held.indexOf(separator)) {
        yield* take(at, true, separator.length);
      }
    }
    // Twice the length, so that no separator that begins here can be cut.
    while (held.length > 2 * partLength) {
      const cut = findCut(held, partLength);
      // White space that may belong to an empty document waits for what follows.
      if (waiting === undefined && held.slice(0, cut).trim() === '') break;
      yield* take(cut, false);
    }
  }
  yield* take(held.length, true);
}

/**
 * Where to cut a long text, at most at `limit`: after a single line break or before a single space, where the split
 * patterns of GPT-2 and cl100k end a piece as well, so that encoding the parts equals encoding the whole.
 */
export function findCut(text: string, limit: number): number {
  for (const [character, offset] of [
    ['\n', 1],
    [' ', 0],
  ] as const) {
    for (let at = text.lastIndexOf(character, limit - 1); at > 0; at = text.lastIndexOf(character, at - 1)) {
      if (isSolid(text, at - 1) && isSolid(text, at + 1)) return at + offset;
      if (at < limit / 2) break;
    }
  }
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code < 0xdc00 && limit > 1 ? limit - 1 : limit;
}

function isSolid(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\S/.test(text[at] ?? ' ');
}
