import { join } from 'node:path';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../errors.js';
import { BadRowError, BadRows } from '../bad-rows.js';
import { collect, fileWith, folderWith } from '../fixtures.test-helper.js';
import { readRows } from './rows.js';

const read = (paths: string | string[], badRows?: BadRows) => collect(readRows({ paths, badRows }));
const message = async (paths: string): Promise<string> => {
  const error: unknown = await read(paths).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).advice).toBeTruthy();
  return (error as Error).message.replace(/.*\//, '');
};

const rows = [
  { name: 'Ada "the first"', note: 'two\nlines, 一二 🙂' },
  { name: '[1', note: '{"a": ["}"]}\\' },
];

describe('every format, plain and gzipped, gives the same rows', () => {
  const csvOf = (separator: string) =>
    ['name', 'note'].join(separator) +
    '\r\n' +
    rows
      .map((row) =>
        Object.values(row)
          .map((cell) => `"${cell.replaceAll('"', '""')}"`)
          .join(separator),
      )
      .join('\r\n');
  const parquet = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'name', data: rows.map((row) => row.name), type: 'STRING' },
        { name: 'note', data: rows.map((row) => row.note), type: 'STRING' },
      ],
    }),
  );
  const formats: Record<string, { content: string | Uint8Array; lines: number[] }> = {
    jsonl: { content: '\uFEFF' + rows.map((row) => JSON.stringify(row)).join('\n\n') + '\n', lines: [1, 3] },
    json: { content: `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`, lines: [2, 3] },
    csv: { content: csvOf(','), lines: [2, 4] },
    tsv: { content: csvOf('\t'), lines: [2, 4] },
    parquet: { content: parquet, lines: [1, 2] },
  };
  for (const [ending, { content, lines }] of Object.entries(formats)) {
    for (const name of [`rows.${ending}`, `rows.${ending}.gz`]) {
      it(name, async () => {
        const found = await read(fileWith(name, content));
        expect(found.map(({ value }) => value)).toEqual(rows);
        expect(found.map(({ line }) => line)).toEqual(lines);
        expect(found[0]?.file.endsWith(name)).toBe(true);
      });
    }
  }

  it('a JSON file may be one object', async () => {
    expect((await read(fileWith('one.json', ' {"a": [1, {"b": "]"}]}\n'))).map(({ value }) => value)).toEqual([
      { a: [1, { b: ']' }] },
    ]);
  });

  it('Parquet gives lists, structs, whole numbers and times as JSON would', async () => {
    const content = parquetWriteBuffer({
      columnData: [
        { name: 'messages', data: [[{ role: 'user' }]], type: 'JSON' },
        { name: 'count', data: [7n], type: 'INT64' },
        { name: 'time', data: [new Date(0)], type: 'TIMESTAMP' },
      ],
    });
    const [row] = await read(fileWith('rows.parquet', new Uint8Array(content)));
    expect(row?.value).toEqual({ messages: [{ role: 'user' }], count: 7, time: '1970-01-01T00:00:00.000Z' });
  });
});

it('any JSON array survives, wherever its text is cut', async () => {
  const json = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(json, fc.integer({ min: 0, max: 3 }), async (values, indent) => {
      const path = fileWith('rows.json', JSON.stringify(values, null, indent));
      const found = await read(path);
      expect(found.map(({ value }) => value)).toEqual(JSON.parse(JSON.stringify(values)));
      expect(found.map(({ item }) => item)).toEqual(values.map((_, index) => index + 1));
    }),
    { numRuns: 60 },
  );
});

it('rows larger than one chunk of the file are whole', async () => {
  const long = Array.from({ length: 3 }, (_, i) => ({ text: String(i).repeat(400_000), quote: '"\\' }));
  for (const [name, content] of [
    ['a.json', JSON.stringify(long)],
    ['a.jsonl.gz', long.map((row) => JSON.stringify(row)).join('\n')],
  ] as const) {
    expect((await read(fileWith(name, content))).map(({ value }) => value)).toEqual(long);
  }
});

describe('files and folders', () => {
  it('a folder stands for its data files by name, those below included; other and hidden files are passed over', async () => {
    const folder = folderWith({
      'b.jsonl': '{"n":2}',
      'a/z.jsonl': '{"n":1}',
      'c.json.gz': '[{"n":3}]',
      'README.md': 'text',
      'image.png': 'x',
      '.hidden.jsonl': '{',
    });
    expect((await read(folder)).map(({ value }) => value['n'])).toEqual([1, 2, 3]);
    expect((await read([join(folder, 'c.json.gz'), join(folder, 'b.jsonl')])).map(({ value }) => value['n'])).toEqual([
      3, 2,
    ]);
  });

  it('says what is wrong with a path', async () => {
    expect(await message('missing.jsonl')).toBe('missing.jsonl: there is no such file or folder');
    expect(await message(fileWith('data.xlsx', ''))).toBe(
      'data.xlsx: the ending of this name is not one of a data file',
    );
    expect(await message(fileWith('data.txt', ''))).toBe('data.txt: a text file has no rows');
    expect(await message(folderWith({ 'a.png': '' }))).toMatch(/: no data files found$/);
  });

  it('says what is wrong with a file', async () => {
    const { gzipSync } = await import('node:zlib');
    const cut = gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40);
    const folder = folderWith({ 'latin1.jsonl': Uint8Array.of(123, 10, 34, 228, 34) });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(folder, 'cut.jsonl.gz'), cut);
    expect(await message(join(folder, 'cut.jsonl.gz'))).toMatch(/^cut.jsonl.gz: damaged gzip data/);
    expect(await message(join(folder, 'latin1.jsonl'))).toMatch(/^latin1.jsonl:1: from here on, the file is not UTF-8/);
    expect(await message(fileWith('bad.parquet', 'nothing'))).toMatch(/^bad.parquet: cannot be read as Parquet/);
  });

  it('stops when aborted', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    const reading = collect(readRows({ paths: fileWith('a.jsonl', '{}'), signal: stop.signal }));
    await expect(reading).rejects.toThrow('stopped');
  });
});

describe('a bad row', () => {
  const cases: Record<string, { name: string; content: string; why: RegExp; good: number }> = {
    'broken JSON in a line': {
      name: 'a.jsonl',
      content: '{"a":1}\n{"a":\n{"a":2}',
      why: /a.jsonl:2: not valid JSON/,
      good: 2,
    },
    'a line that is no object': {
      name: 'a.jsonl',
      content: '{}\n\n[1,2]',
      why: /a.jsonl:3: a row must be an object, but this is an array of 2/,
      good: 1,
    },
    'an element that is no object': {
      name: 'a.json',
      content: '[{},\n "x", {}]',
      why: /a.json:2 \(item 2\): a row must be an object, but this is the string "x"/,
      good: 2,
    },
    'an array that is cut off': {
      name: 'a.json',
      content: '[{"a":1},\n{"a":',
      why: /a.json:2: the file ends inside the array/,
      good: 1,
    },
    'lines in a .json': {
      name: 'a.json',
      content: '{"a":1}\n{"a":2}',
      why: /a.json:2: there is text after the end .* name the file .jsonl/,
      good: 0,
    },
    'a .json that begins otherwise': {
      name: 'a.json',
      content: 'name,note',
      why: /a.json:1: a JSON file of rows must be an array/,
      good: 0,
    },
    'a record with too few columns': {
      name: 'a.csv',
      content: 'a,b\n1,2\n3\n4,5',
      why: /a.csv:3: invalid Record Length: columns length is 2, got 1/,
      good: 2,
    },
    'a quote that is never closed': {
      name: 'a.csv',
      content: 'a,b\n1,2\n3,"4\n',
      why: /a.csv:\d: quote Not Closed/,
      good: 1,
    },
    'two columns of one name': {
      name: 'a.csv',
      content: 'a,a\n1,2',
      why: /a.csv:1: field "a": two columns have this name/,
      good: 0,
    },
  };
  for (const [title, { name, content, why, good }] of Object.entries(cases)) {
    it(`${title}: is thrown, or listed while the others are read`, async () => {
      const path = fileWith(name, content);
      await expect(read(path)).rejects.toThrow(why);
      await expect(read(path)).rejects.toBeInstanceOf(BadRowError);
      if (good === 0) return;
      const badRows = new BadRows();
      expect(await read(path, badRows)).toHaveLength(good);
      expect(badRows.count).toBe(1);
      expect(badRows.toString()).toMatch(why);
    });
  }

  it('the list counts all and keeps the first', () => {
    const badRows = new BadRows({ limit: 3 });
    for (let line = 1; line <= 9; line++)
      badRows.add(new BadRowError({ file: 'f', line }, { field: 'x', why: 'is empty' }));
    expect(badRows.count).toBe(9);
    expect(badRows.listed).toHaveLength(3);
    expect(badRows.toString(2).split('\n')).toEqual([
      '9 bad rows left out:',
      '  f:1: field "x": is empty',
      '  f:2: field "x": is empty',
      '  and 7 more',
    ]);
    expect(badRows.listed[0]?.advice).toContain('--skip-bad');
  });
});
