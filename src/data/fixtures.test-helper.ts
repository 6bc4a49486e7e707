import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

const folders: string[] = [];

/** A new folder with these files in it (a name that ends in .gz is gzipped), removed after the tests. */
export function folderWith(files: Record<string, string | Uint8Array> = {}): string {
  if (folders.length === 0) afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
  const folder = mkdtempSync(join(tmpdir(), 'descent-data-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name.endsWith('gz') ? gzipSync(content) : content);
  }
  return folder;
}

/** The path of one new file. */
export function fileWith(name: string, content: string | Uint8Array): string {
  return join(folderWith({ [name]: content }), name);
}

export async function collect<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Bytes as ids, and the ids from 256 on as control tokens. */
export function byteTokenizer(...controls: string[]): Tokenizer {
  const controlTokens = new Map(controls.map((name, index) => [name, 256 + index]));
  const tokenizer = {
    vocabSize: 256 + controls.length,
    controlTokens,
    encode: (text: string) => Int32Array.from(Buffer.from(text)),
    decode: (ids: ArrayLike<number>) => Buffer.from(Array.from(ids)).toString(),
    idOf: (name: string) => controlTokens.get(name) ?? -1,
    toJSON: () => ({ model: 'bytes', controls }),
  };
  return tokenizer as unknown as Tokenizer;
}

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

export function sharedPath(path: string): string {
  return join(shared, path);
}

/** A gzipped text of the shared data. */
export const sharedText = (path: string): string => gunzipSync(readFileSync(sharedPath(path))).toString('utf8');

/** Whether a folder of the shared data is there; when all of it is required, missing data is a failure. */
export function hasSharedData(folder: string): boolean {
  return existsSync(sharedPath(folder)) || process.env['DESCENT_REQUIRE_SHARED_DATA'] === '1';
}
