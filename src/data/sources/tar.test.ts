import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from '../fixtures.test-helper.js';
import { readTar } from './tar.js';

const longName = `${'folder/'.repeat(20)}ein Schlüssel.txt`;
const files = { 'short.txt': 'one', [longName]: 'two', 'z.txt': 'three' };

it.each(['ustar', 'pax', 'gnu'])('reads what tar writes as %s, also names that are long and not ASCII', (format) => {
  const folder = folderWith(files);
  // ustar cannot hold the long name.
  const names = Object.keys(files).filter((name) => format !== 'ustar' || name !== longName);
  const path = join(folder, 'archive.tar');
  execFileSync('tar', ['-C', folder, `--format=${format}`, '-cf', path, ...names]);
  const entries = [...readTar(readFileSync(path), path)];
  expect(entries.map(({ name, content }) => [name, Buffer.from(content).toString()])).toEqual(
    Object.entries(files).filter(([name]) => names.includes(name)),
  );
});

it('says that an archive is cut short', () => {
  const folder = folderWith(files);
  const path = join(folder, 'archive.tar');
  execFileSync('tar', ['-C', folder, '-cf', path, longName]);
  const cut = readFileSync(path).subarray(0, 700);
  expect(() => [...readTar(cut, 'cut.tar')]).toThrow(/cut\.tar: damaged tar archive at byte/);
});
