import { deflateRawSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasSharedData, sharedPath } from '../fixtures.test-helper.js';
import { readZip } from './zip.js';
import { zipOf } from './zip.test-helper.js';

const files = { 'a.txt': 'one', 'folder/ä.txt': 'zwei '.repeat(50), 'folder/': '' };
const read = (archive: Buffer): [string, string][] =>
  [...readZip(archive, 'x.zip')].map(({ name, content }) => [name, content().toString()]);

describe('zip archives', () => {
  it('gives the files, stored or deflated, also behind a remark', () => {
    const { 'folder/': _folder, ...expected } = files;
    for (const method of [0, 8]) {
      for (const remark of ['', 'a remark'])
        expect(read(zipOf(files, { method, remark }))).toEqual(Object.entries(expected));
    }
  });

  it('says what is wrong with an archive', () => {
    expect(() => read(Buffer.from('no archive'))).toThrow('x.zip: damaged zip archive at byte 0');
    expect(() => read(zipOf(files, { method: 12 }))).toThrow('x.zip: a.txt is packed by method 12');
    expect(() => read(zipOf(files, { flags: 1 }))).toThrow('x.zip: a.txt is encrypted');
    const damaged = zipOf(files, { method: 8 });
    deflateRawSync('other').copy(damaged, 30 + 'a.txt'.length);
    expect(() => read(damaged)).toThrow('x.zip: a.txt is damaged');
  });

  it.runIf(hasSharedData('cls-nltk-small'))('reads one that another program made', () => {
    const names = read(readFileSync(sharedPath('cls-nltk-small/qc.zip'))).map(([name, text]) => [name, text.length]);
    expect(names).toEqual([
      ['qc/README', 1878],
      ['qc/test.txt', 23354],
      ['qc/train.txt', 335858],
    ]);
  });
});
