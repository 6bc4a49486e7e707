import { dirname, posix } from 'node:path';
import { BadRowError, type BadRows, type Place, orSkip } from '../bad-rows.js';
import { type Json, isObject } from '../json.js';
import type { NamedBytes } from './entries.js';

const stem = (name: string): string => name.replace(/\.[^./]+$/, '');

/**
 * The captions of pictures: from a `captions.jsonl` or `metadata.jsonl` ({"file_name", "caption" or "text"}) beside or
 * above them, or from a .txt file of the same name.
 *
 * @returns one for each name, undefined where a picture has none; undefined alone where none has
 * @throws BadRowError for a line that names no file or is not JSON, unless there is a list of bad rows
 */
export async function captionsOf(
  files: readonly NamedBytes[],
  names: readonly string[],
  badRows?: BadRows,
): Promise<(string | undefined)[] | undefined> {
  const captions = new Map<string, string>();
  const pictures = new Set(names.map(stem));
  const textOf = async ({ read }: NamedBytes): Promise<string> => Buffer.from(await read()).toString('utf8');
  for (const entry of files) {
    const { name, file } = entry;
    if (/(^|\/)(captions|metadata)\.jsonl$/.test(name)) {
      for (const [index, line] of (await textOf(entry)).split('\n').entries()) {
        const row = line.trim() === '' ? undefined : orSkip(badRows, () => captionRow(line, { file, line: index + 1 }));
        if (row?.caption !== undefined) captions.set(stem(posix.join(dirname(name), row.key)), row.caption);
      }
    } else if (name.endsWith('.txt') && pictures.has(stem(name))) {
      captions.set(stem(name), (await textOf(entry)).trim());
    }
  }
  const found = names.map((name) => captions.get(stem(posix.normalize(name))) ?? captions.get(stem(name)));
  return found.some((caption) => caption !== undefined) ? found : undefined;
}

/** Such files also hold other things of a picture, e.g. its class alone: then there is no caption. */
function captionRow(line: string, place: Place): { key: string; caption: string | undefined } {
  let row: Json;
  try {
    row = JSON.parse(line) as Json;
  } catch (cause) {
    throw new BadRowError(place, { why: 'not JSON', cause });
  }
  if (!isObject(row)) throw new BadRowError(place, { why: 'not an object' });
  const field = (...fields: [string, ...string[]]): string | undefined => {
    const name = fields.find((key) => row[key] !== undefined && row[key] !== null);
    const value = name === undefined ? undefined : row[name];
    if (value !== undefined && typeof value !== 'string')
      throw new BadRowError(place, { field: name!, why: 'not text' });
    return value;
  };
  const key = field('file_name', 'image', 'file');
  if (key === undefined) throw new BadRowError(place, { field: 'file_name', why: 'missing' });
  return { key, caption: field('caption', 'text') };
}
