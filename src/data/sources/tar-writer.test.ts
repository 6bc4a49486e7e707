import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { readTar } from './tar.js';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.js';

it('writes an archive that is read again, by this reader and by tar', () => {
  const files = { 'model/config.json': '{"a": 1}', 'model/empty.txt': '', 'model/block.txt': 'x'.repeat(512) };
  const archive = Buffer.concat([
    ...Object.entries(files).flatMap(([name, text]) => [
      tarHeader(name, text.length),
      Buffer.from(text),
      tarPadding(text.length),
    ]),
    tarEnd(),
  ]);
  const read = [...readTar(archive, 'archive')].map(({ name, content }) => [name, Buffer.from(content).toString()]);
  expect(Object.fromEntries(read)).toEqual(files);
  const listed = execFileSync('tar', ['-tf', '-'], { input: archive }).toString().trim().split('\n');
  expect(listed).toEqual(Object.keys(files));
  expect(() => tarHeader('x'.repeat(101), 1)).toThrow(/too long/);
});
