import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../errors.js';

/** What a file holds, told by its name. */
export type FileKind = 'text' | 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet' | 'chatterbot';

const kinds: Record<string, FileKind> = {
  txt: 'text',
  text: 'text',
  md: 'text',
  markdown: 'text',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  parquet: 'parquet',
  yml: 'chatterbot',
  yaml: 'chatterbot',
  tar: 'chatterbot',
};

/** The endings that a data file may have, for messages and help. */
const acceptedEndings = '.txt, .md, .jsonl, .json, .csv, .tsv, .parquet, .yml and .tar, each also with .gz';

export interface DataFile {
  readonly path: string;
  readonly kind: FileKind;
  readonly gzipped: boolean;
}

/** What a path's name says about its content, or undefined when it is no data file. */
function fileKind(path: string): DataFile | undefined {
  const name = basename(path).toLowerCase();
  if (name.endsWith('.tgz')) return { path, kind: 'chatterbot', gzipped: true };
  const gzipped = name.endsWith('.gz');
  const ending = /\.([a-z]+)$/.exec(gzipped ? name.slice(0, -3) : name)?.[1] ?? '';
  const kind = Object.hasOwn(kinds, ending) ? kinds[ending] : undefined;
  return kind === undefined ? undefined : { path, kind, gzipped };
}

/**
 * The data files among `paths`: a file stands for itself, a folder for every data file in it and below, by name.
 * In a folder, files of a kind that is not wanted or not known are passed over, and so are hidden ones.
 *
 * @throws DataError when a path is missing, a named file has an unknown ending, or nothing is found.
 */
export async function listDataFiles(
  paths: string | readonly string[],
  wanted: (kind: FileKind) => boolean = () => true,
): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const asked = typeof paths === 'string' ? [paths] : paths;
  for (const path of asked) {
    const information = await stat(path).catch((cause: unknown) => {
      throw new DataError(`${path}: there is no such file or folder`, { advice: 'Check the path.', cause });
    });
    if (information.isDirectory()) files.push(...(await listFolder(path)).filter(({ kind }) => wanted(kind)));
    else files.push(requireKind(path));
  }
  if (files.length === 0) {
    throw new DataError(`${asked.join(', ') || 'An empty list of paths'}: no data files found`, {
      advice: `Give files or folders with ${acceptedEndings}.`,
    });
  }
  return files;
}

async function listFolder(folder: string): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  // By code units, not by locale: the order of documents must not depend on the machine.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await listFolder(path)));
    else {
      const file = fileKind(path);
      if (file !== undefined) files.push(file);
    }
  }
  return files;
}

function requireKind(path: string): DataFile {
  const file = fileKind(path);
  if (file === undefined) {
    throw new DataError(`${path}: the ending of this name is not one of a data file`, {
      advice: `Accepted are ${acceptedEndings}.`,
    });
  }
  return file;
}

/** The bytes of a data file, unpacked. */
export async function* readBytes(file: DataFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const source = createReadStream(file.path, { highWaterMark: 1 << 18 });
  let stream: Readable = source;
  if (file.gzipped) {
    const unzip = createGunzip({ chunkSize: 1 << 18 });
    source.on('error', (error) => unzip.destroy(error));
    stream = source.pipe(unzip);
  }
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw new DataError(`${file.path}: damaged gzip data (${error.message})`, {
        advice: 'The file is cut off or not gzip at all; fetch or make it again.',
        cause: error,
      });
    }
    throw error;
  } finally {
    source.destroy();
    stream.destroy();
  }
}

/**
 * The text of a data file, which must be UTF-8, in chunks that never cut a character. A byte order mark is dropped.
 *
 * @throws DataError at the first bytes that are not UTF-8.
 */
export async function* readText(file: DataFile, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new DataError(`${file.path}:${line}: from here on, the file is not UTF-8 text`, {
        advice: 'Save it as UTF-8, for example with iconv -t utf-8.',
        cause,
      });
    }
  };
  for await (const bytes of readBytes(file, signal)) {
    const text = decode(bytes);
    line += countLines(text);
    if (text !== '') yield text;
  }
  decode();
}

/** The number of line breaks in a text. */
export function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
