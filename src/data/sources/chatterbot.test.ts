import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { collect, fileWith, hasSharedData, sharedPath } from '../fixtures.test-helper.js';
import { BadRows } from '../bad-rows.js';
import { readRows } from './rows.js';
import { readTar } from './tar.js';

const yaml = `categories:
- small talk
conversations:
- - Hello
  - 'It''s fine'
- - "Say \\"hi\\""
  - hi
  # a remark
  - A long
    text

    of two paragraphs
- - How?
  - |
    def f():
        return 1
- not a list
  - lost
- - Last
  - one
`;

it('reads the YAML of the corpus, and lists what is none', async () => {
  const badRows = new BadRows();
  const rows = await collect(readRows({ paths: fileWith('talk.yml', yaml), badRows }));
  expect(rows.map(({ value, line }) => [line, value['conversations']])).toEqual([
    [4, ['Hello', "It's fine"]],
    [6, ['Say "hi"', 'hi', 'A long text\nof two paragraphs']],
    [13, ['How?', 'def f():\n    return 1']],
    [19, ['Last', 'one']],
  ]);
  expect(badRows.toString()).toMatch(/1 bad row left out:\n.*talk.yml:17: neither a text/);
});

it('an archive that is no tar is said to be damaged', async () => {
  const paths = fileWith('talk.tar', 'x'.repeat(2000));
  await expect(collect(readRows({ paths }))).rejects.toThrow(/damaged tar archive at byte 0/);
});

it.runIf(hasSharedData('dialog-chatterbot'))('reads the whole corpus', async () => {
  const paths = sharedPath('dialog-chatterbot/chatterbot-corpus-en-zh.tar.gz');
  const badRows = new BadRows();
  const rows = await collect(readRows({ paths, badRows }));
  // As PyYAML counts: one of trivia.yml's conversations is written as a plain text.
  expect(rows).toHaveLength(2492);
  expect(badRows.count).toBe(1);
  const entries = [...readTar(gunzipSync(readFileSync(paths)), paths)];
  expect(entries.filter(({ name }) => name.endsWith('.yml'))).toHaveLength(38);
});
