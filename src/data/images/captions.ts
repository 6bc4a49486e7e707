import { dirname, posix } from 'node:path';
import { BadRowError, type BadRows, type Place, orSkip } from '../bad-rows.js';
import { type Json, type JsonObject, isObject } from '../json.js';
import type { NamedBytes } from './entries.js';

/** What the captions of one image are: the first is the one it is measured by; empty where it has none. */
export type Captions = readonly string[];

/** A row of a list of captions. */
interface CaptionRow {
  readonly row: JsonObject;
  readonly place: Place;
  readonly captions: Captions;
}

const stem = (name: string): string => name.replace(/\.[^./]+$/, '');
const isList = (name: string): boolean => /(^|\/)(captions|metadata)\.jsonl$/.test(name);
const textOf = async ({ read }: NamedBytes): Promise<string> => Buffer.from(await read()).toString('utf8');

/**
 * The captions of pictures: from a `captions.jsonl` or `metadata.jsonl` ({"file_name", "caption" or "text"}) beside or
 * above them, or from a .txt file of the same name. A caption may be a list of several; `keywords` and `short_names`
 * (lists) are captions too.
 *
 * @returns those of each name; undefined where no picture has any
 * @throws BadRowError for a line that names no file or is not JSON, unless there is a list of bad rows
 */
export async function captionsOf(
  files: readonly NamedBytes[],
  names: readonly string[],
  badRows?: BadRows,
): Promise<Captions[] | undefined> {
  const found = new Map<string, Captions>();
  const pictures = new Set(names.map(stem));
  for (const entry of files) {
    const { name } = entry;
    if (isList(name)) {
      for (const { key, captions } of await rowsOf(entry, badRows, (read) => ({ ...read, key: fileOf(read) })))
        if (captions.length > 0) found.set(stem(posix.join(dirname(name), key)), captions);
    } else if (name.endsWith('.txt') && pictures.has(stem(name))) {
      found.set(stem(name), [(await textOf(entry)).trim()]);
    }
  }
  return someOf(names.map((name) => found.get(stem(posix.normalize(name))) ?? found.get(stem(name)) ?? []));
}

/** What a list says of images that lie in one file, by their `index` there, from 0. */
export interface IndexedCaptions {
  readonly captions: Captions[] | undefined;
  /** Their `category`, where every image has one. */
  readonly categories: string[] | undefined;
}

/** As `captionsOf`, of `count` images in one file. @throws BadRowError also for an index that there is not */
export async function indexedCaptions(
  files: readonly NamedBytes[],
  count: number,
  badRows?: BadRows,
): Promise<IndexedCaptions> {
  const captions: Captions[] = Array.from({ length: count }, () => []);
  const categories: (string | undefined)[] = Array.from({ length: count });
  for (const entry of files.filter(({ name }) => isList(name))) {
    const rows = await rowsOf(entry, badRows, (read) => ({ ...read, index: indexOf(read, count) }));
    for (const { row, index, captions: own } of rows) {
      captions[index] = own;
      if (typeof row['category'] === 'string') categories[index] = row['category'];
    }
  }
  const named = categories.filter((category) => category !== undefined);
  return { captions: someOf(captions), categories: named.length === count ? named : undefined };
}

const someOf = (captions: Captions[]): Captions[] | undefined =>
  captions.some((own) => own.length > 0) ? captions : undefined;

/** The rows of a list that `use` takes. */
async function rowsOf<Used>(
  entry: NamedBytes,
  badRows: BadRows | undefined,
  use: (row: CaptionRow) => Used,
): Promise<Used[]> {
  return (await textOf(entry)).split('\n').flatMap((line, index) => {
    const place = { file: entry.file, line: index + 1 };
    const used = line.trim() === '' ? undefined : orSkip(badRows, () => use(captionRow(line, place)));
    return used === undefined ? [] : [used];
  });
}

/** Such files also hold other things of a picture, e.g. its class alone: then there is no caption. */
function captionRow(line: string, place: Place): CaptionRow {
  let row: Json;
  try {
    row = JSON.parse(line) as Json;
  } catch (cause) {
    throw new BadRowError(place, { why: 'not JSON', cause });
  }
  if (!isObject(row)) throw new BadRowError(place, { why: 'not an object' });
  const captions = ['caption', 'captions', 'text', 'keywords', 'short_names'].flatMap((field) =>
    textsOf(row, field, place),
  );
  return { row, place, captions: [...new Set(captions)] };
}

/** The text of a field, or the texts of its list; names such as `hot_dog` are words. */
function textsOf(row: JsonObject, field: string, place: Place): string[] {
  const value = row[field] ?? [];
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => {
    if (typeof text !== 'string') throw new BadRowError(place, { field, why: 'not text' });
    const words = field === 'keywords' || field === 'short_names' ? text.replaceAll(/[_-]/g, ' ') : text;
    return words.trim() === '' ? [] : [words.trim()];
  });
}

function fileOf({ row, place }: CaptionRow): string {
  const field = ['file_name', 'image', 'file'].find((name) => row[name] !== undefined && row[name] !== null);
  if (field === undefined) throw new BadRowError(place, { field: 'file_name', why: 'missing' });
  const name = row[field];
  if (typeof name !== 'string') throw new BadRowError(place, { field, why: 'not text' });
  return name;
}

function indexOf({ row, place }: CaptionRow, count: number): number {
  const index = row['index'];
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= count) {
    throw new BadRowError(place, { field: 'index', why: `not the number of an image (0 to ${count - 1})` });
  }
  return index;
}
