import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem, removePartialFiles, writeFileAtomically, type FileSystem } from './atomic-file.js';
import { withSmallDisk } from './small-disk.test-helper.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-atomic-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A file system on which `operation` fails with `code`. */
function failing(operation: 'create' | 'write' | 'sync' | 'rename', code: string): FileSystem {
  const fail = () => Promise.reject(Object.assign(new Error(`${code}: made to fail`), { code }));
  return {
    ...nodeFileSystem,
    ...(operation === 'create' ? { create: fail } : {}),
    ...(operation === 'rename' ? { rename: fail } : {}),
    ...(operation === 'write' || operation === 'sync'
      ? { create: async (path) => ({ ...(await nodeFileSystem.create(path)), [operation]: fail }) }
      : {}),
  };
}

describe('writeFileAtomically', () => {
  it('replaces a file and leaves nothing else behind', async () => {
    const path = join(folder, 'file');
    await writeFileAtomically(path, 'one');
    await writeFileAtomically(path, async (file) => {
      await file.write(new TextEncoder().encode('tw'));
      expect(await readFile(path, 'utf8')).toBe('one');
      await file.write(new TextEncoder().encode('o'));
    });
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('keeps the old file whatever step fails, and says what to do', async () => {
    const path = join(folder, 'file');
    await writeFileAtomically(path, 'old');
    for (const operation of ['create', 'write', 'sync', 'rename'] as const) {
      await expect(writeFileAtomically(path, 'new', failing(operation, 'ENOSPC'))).rejects.toMatchObject({
        message: `The disk is full: ${path} could not be written. Its previous content is untouched.`,
        advice: expect.stringContaining('Free some space') as unknown,
      });
      await expect(writeFileAtomically(path, 'new', failing(operation, 'EROFS'))).rejects.toThrow(/may not be written/);
      expect(await readFile(path, 'utf8')).toBe('old');
      expect(await readdir(folder)).toEqual(['file']);
    }
    await expect(writeFileAtomically(join(folder, 'none', 'file'), 'new')).rejects.toThrow(/there is no folder/);
  });

  it('keeps the old file on a disk that is really full', async ({ skip }) => {
    const disk = join(folder, 'disk');
    const mounted = await withSmallDisk(disk, 256, async () => {
      const path = join(disk, 'file');
      await writeFileAtomically(path, new Uint8Array(100_000).fill(1));
      await expect(writeFileAtomically(path, new Uint8Array(300_000))).rejects.toThrow(/The disk is full/);
      expect(await readFile(path)).toEqual(Buffer.alloc(100_000, 1));
      expect(await readdir(disk)).toEqual(['file']);
    });
    if (!mounted) skip('a small file system cannot be mounted here');
  });

  it('clears away what killed writes left', async () => {
    await writeFile(join(folder, '.file.123-0.partial'), 'half');
    await writeFile(join(folder, '.hidden'), 'kept');
    await removePartialFiles(folder);
    expect(await readdir(folder)).toEqual(['.hidden']);
  });
});
