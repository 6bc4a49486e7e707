import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DescentError } from '../errors.js';

/** The part of a file handle that writing needs. */
export interface WritableFile {
  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Forces what was written onto the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What an atomic write needs of a file system; tests pass one that fails midway. */
export interface FileSystem {
  create(path: string): Promise<WritableFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes a rename in this folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  async create(path) {
    const handle = await open(path, 'w');
    return {
      async write(bytes) {
        let offset = 0;
        while (offset < bytes.byteLength) {
          const { bytesWritten } = await handle.write(bytes, offset, bytes.byteLength - offset);
          offset += bytesWritten;
        }
      },
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  async syncFolder(path) {
    if (process.platform === 'win32') return; // A folder cannot be opened there.
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

const suffix = '.partial';
let partialCount = 0;

/**
 * Writes a file so that at every instant `path` holds either all of its old content or all of its new one: the bytes
 * go to a temporary file in the same folder, are synced to the disk, and take the name in one rename.
 *
 * @throws DescentError with advice when the disk is full, the folder is missing or may not be written; the previous
 *   file is untouched and the temporary one removed.
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | string | ((file: WritableFile) => Promise<void>),
  fileSystem: FileSystem = nodeFileSystem,
): Promise<void> {
  const folder = dirname(path);
  const partial = join(folder, `.${basename(path)}.${process.pid}-${partialCount++}${suffix}`);
  try {
    const file = await fileSystem.create(partial);
    try {
      if (typeof content === 'function') await content(file);
      else await file.write(typeof content === 'string' ? new TextEncoder().encode(content) : content);
      await file.sync();
    } finally {
      await file.close();
    }
    await fileSystem.rename(partial, path);
    await fileSystem.syncFolder(folder);
  } catch (error) {
    // Best effort: the write's own error is the one to report.
    await fileSystem.remove(partial).catch(() => undefined);
    throw describeWriteError(error, path);
  }
}

/** Removes what writes left behind whose process was killed midway. Call it only while nobody writes to the folder. */
export async function removePartialFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('.') && name.endsWith(suffix)) await rm(join(folder, name), { force: true });
  }
}

/** Turns a system error of a write into one that says what to do; other errors come back as they are. */
export function describeWriteError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const folder = dirname(path);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new DescentError(`The disk is full: ${path} could not be written. Its previous content is untouched.`, {
        advice: `Free some space on the disk of ${folder}, or choose another folder, then run the same command again.`,
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DescentError(`${path} may not be written (${code}). Its previous content is untouched.`, {
        advice: `Check the permissions of ${folder}, or choose another folder.`,
        cause: error,
      });
    case 'ENOENT':
    case 'ENOTDIR':
      return new DescentError(`${path} could not be written: there is no folder ${folder}.`, {
        advice: 'Create the folder first, or choose another one.',
        cause: error,
      });
    default:
      return error;
  }
}
