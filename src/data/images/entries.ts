import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DataError } from '../../errors.js';
import { readTar } from '../sources/tar.js';

/** A file of a folder or an archive. */
export interface NamedBytes {
  /** With the folders below the root, by slashes. */
  readonly name: string;
  /** For messages. */
  readonly file: string;
  readonly read: () => Promise<Uint8Array>;
}

/** The files of a folder, an archive, or one file; packed ones unpacked, names without `.gz`. */
export async function entriesOf(path: string, advice = 'Check the path.'): Promise<NamedBytes[]> {
  const information = await stat(path).catch((cause: unknown) => {
    throw new DataError(`${path}: there is no such file or folder`, { advice, cause });
  });
  if (information.isDirectory()) {
    const found = (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(path, join(entry.parentPath, entry.name)))
      .filter((name) => !isHidden(name))
      .sort((a, b) => (a < b ? -1 : 1));
    return found.map((name) => plain(name.replaceAll('\\', '/'), join(path, name)));
  }
  if (!/\.(tar|tar\.gz|tgz)$/i.test(path)) return [plain(basename(path), path)];
  const archive = unpacked(await readFile(path), path);
  // macOS puts a hidden file ._x beside every x.
  const files = Array.from(readTar(archive, path)).filter(({ name }) => !isHidden(name));
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return files.map(({ name, content }) => ({
    name,
    file: `${path}/${name}`,
    read: () => Promise.resolve(unpacked(content, `${path}/${name}`)),
  }));
}

const isHidden = (name: string): boolean => /(^|[\\/])\.[^.\\/]/.test(name);

const plain = (name: string, file: string): NamedBytes => ({
  name: name.replace(/\.gz$/i, ''),
  file,
  read: async () => unpacked(await readFile(file), file),
});

/** Gzip told by its first bytes. */
function unpacked(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new DataError(`${file}: damaged gzip data (${(cause as Error).message})`, {
      advice: 'The file is cut off; fetch or make it again.',
      cause,
    });
  }
}
