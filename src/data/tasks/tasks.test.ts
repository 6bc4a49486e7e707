import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BadRows } from '../bad-rows.js';
import { fileWith, folderWith, hasSharedData, sharedPath } from '../fixtures.test-helper.js';
import { zipOf } from '../sources/zip.test-helper.js';
import { brownGenres, passages } from './brown-genres.js';
import { declaredTasks } from './declared.js';
import { readOwnTask } from './own.js';
import { readTask, requireEqualChoices } from './read.js';
import { sequencesOf } from './task.js';

const pair = (id: number, attribute: string, t: string, h: string): string =>
  `<pair id="${id}" ${attribute} task="IE">\n\t<t>${t}</t>\n<h>${h}</h>\n</pair>\n`;

const rte = (name: string): [string, string] => [
  `rte/${name}.xml`,
  `<corpus>\n${pair(1, 'value="TRUE"', 'A &amp; B\n rose', 'A rose')}${pair(2, 'entailment="NO"', 'A fell', 'A rose')}</corpus>`,
];

const data = folderWith({
  'cls-sst2/train.tsv.gz': 'sentence\tlabel\n" a "quoted film \t1\nbad \t0\n',
  'cls-sst2/test.tsv.gz': 'sentence\tlabel\nfine\t1\n',
  'cls-agnews/alps-dev.tsv.gz': 'Prices rose.\tBusiness\n"A ""big"" goal"\tSports\n',
  'cls-agnews/alps-test.tsv.gz': 'A war\tWorld\n',
  'cls-nltk-small/qc.zip': zipOf({
    'qc/train.txt': 'NUM:dist How far ?\nDESC:def Why ?\n',
    'qc/test.txt': 'HUM:ind Who ?',
  }),
  'cls-nltk-small/rte.zip': zipOf(
    Object.fromEntries(['rte1_dev', 'rte1_test', 'rte2_dev', 'rte2_test', 'rte3_dev', 'rte3_test'].map(rte)),
  ),
  'eval-openbookqa/train.tsv.gz': 'ID\tStem\tChoices\tAll\tKey\n1\tThe (A)\t(A) sun (B) a moon (C) c (D) d\t…\tB\n',
  'eval-openbookqa/test.tsv.gz': 'ID\tStem\tChoices\tAll\tKey\n1\tThe\t(A) a (B) b (C) c (D) d\t…\tD\n',
});
const examples = (list: readonly { texts: readonly string[]; label: number; line: number }[] | undefined) =>
  list?.map(({ texts, label, line }) => [line, label, ...texts]);

describe('declared tasks', () => {
  it('reads each form', async () => {
    const sst2 = await readTask('sst2', { data });
    expect(sst2.labels).toEqual(['negative', 'positive']);
    expect(examples(sst2.train)).toEqual([
      [2, 1, '" a "quoted film'],
      [3, 0, 'bad'],
    ]);
    expect(examples((await readTask('ag-news', { data })).train)).toEqual([
      [1, 2, 'Prices rose.'],
      [2, 1, 'A "big" goal'],
    ]);
    const trec = await readTask('trec', { data });
    expect([examples(trec.train), examples(trec.test)]).toEqual([
      [
        [1, 5, 'How far ?'],
        [2, 1, 'Why ?'],
      ],
      [[1, 3, 'Who ?']],
    ]);
    const entailment = await readTask('rte', { data });
    expect(entailment.train).toHaveLength(10);
    expect(examples(entailment.test)).toEqual([
      [2, 1, 'A & B rose', 'A rose'],
      [7, 0, 'A fell', 'A rose'],
    ]);
    const choice = await readTask('openbookqa', { data });
    expect(examples(choice.train)).toEqual([[2, 1, 'The (A)', 'sun', 'a moon', 'c', 'd']]);
    expect(() => requireEqualChoices(choice)).not.toThrow();
  });

  it('finds one data set by its own folder', async () => {
    const path = sharedFolder('cls-sst2/train.tsv.gz');
    expect((await readTask('sst2', { data: path })).train).toHaveLength(2);
  });

  it('says what is wrong, or lists it', async () => {
    await expect(readTask('sst3')).rejects.toThrow("There is no task named 'sst3'");
    await expect(readTask('sst2')).rejects.toThrow('The task sst2 needs data');
    await expect(readTask('polarity', { data })).rejects.toThrow('sentence_polarity.zip: there is no such file');
    const broken = folderWith({
      'train.tsv.gz': 'sentence\tlabel\nfine\t1\nno label\n \t1\nodd\t7\n',
      'test.tsv.gz': 'sentence\tlabel\nfine\t1\n',
    });
    await expect(readTask('sst2', { data: broken })).rejects.toThrow('train.tsv.gz:3: has 1 cells between tabs');
    const badRows = new BadRows();
    expect((await readTask('sst2', { data: broken, badRows })).train).toHaveLength(1);
    expect(badRows.listed.map(({ place, why }) => [place.line, why])).toEqual([
      [3, 'has 1 cells between tabs, and 2 are needed'],
      [4, 'has an empty text'],
      [5, 'has the label "7", which is none of 0, 1'],
    ]);
  });

  it.runIf(hasSharedData('cls-sst2'))('reads all of the real files', async () => {
    const sizes: Record<string, [number, number | undefined]> = {};
    for (const name of Object.keys(declaredTasks)) {
      const badRows = new BadRows();
      const { train, test } = await readTask(name, { data: sharedPath(''), badRows });
      expect(badRows.count, name).toBeLessThan(3);
      sizes[name] = [train.length, test?.length];
    }
    expect(sizes).toMatchObject({
      sst2: [60_614, 872],
      trec: [5452, 500],
      openbookqa: [4956, 500],
      rte: [3367, 800],
      subjectivity: [10_000, undefined],
    });
  });
});

const sharedFolder = (path: string): string => dirname(`${data}/${path}`);

describe('Brown', () => {
  it('holds out whole documents of every genre', () => {
    const { labels, train, test } = brownGenres();
    expect(labels).toHaveLength(15);
    const files = (list: typeof train) => new Set(list.map(({ file }) => file));
    const [learnt, asked] = [files(train), files(test!)];
    expect([...asked].filter((file) => learnt.has(file))).toEqual([]);
    expect(learnt.size + asked.size).toBe(500);
    for (const list of [train, test!]) expect(new Set(list.map(({ label }) => label)).size).toBe(15);
  });

  it('makes passages of whole paragraphs', () => {
    expect(passages('a b\n\nc d e\n\nf\n\ng', 3)).toEqual(['a b c d e f g']);
    expect(passages('a b c\n\nd e f\n\ng', 3)).toEqual(['a b c', 'd e f g']);
    expect(passages('a', 3)).toEqual(['a']);
  });
});

describe("one's own rows", () => {
  it('are classified by their labels, in the order of the alphabet', async () => {
    const task = await readOwnTask({ paths: [fileWith('mine.csv', 'text,label\nsun,warm\nsnow,cold\n')] });
    expect(task).toMatchObject({ kind: 'classification', labels: ['cold', 'warm'] });
    expect(examples(task.train)).toEqual([
      [2, 1, 'sun'],
      [3, 0, 'snow'],
    ]);
  });

  it('may be pairs, and choices named by letter, text or number', async () => {
    const rows = [
      { a: 'x', b: 'y', same: true },
      { a: 'x', b: 'z', same: false },
    ];
    const columns = { text: 'a', second: 'b', label: 'same' };
    const paths = [fileWith('mine.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))];
    const pairs = await readOwnTask({ paths, columns, kind: 'similarity' });
    expect(pairs.labels).toEqual(['false', 'true']);
    expect(sequencesOf(pairs.kind, pairs.train[0]!.texts)).toEqual([
      ['x', 'y'],
      ['y', 'x'],
    ]);
    const choices = (label: string | number) => JSON.stringify({ text: 'q', choices: ['one', 'two'], label });
    const task = await readOwnTask({
      paths: [fileWith('mine.jsonl', [choices('B'), choices('one'), choices(1)].join('\n'))],
    });
    expect(examples(task.train)).toEqual([
      [1, 1, 'q', 'one', 'two'],
      [2, 0, 'q', 'one', 'two'],
      [3, 1, 'q', 'one', 'two'],
    ]);
    expect(sequencesOf(task.kind, task.train[0]!.texts)).toEqual([
      ['q', 'one'],
      ['q', 'two'],
    ]);
  });

  it('say what is wrong with them', async () => {
    const single = fileWith('mine.csv', 'text,label\na,x\nb,x\n');
    await expect(readOwnTask({ paths: [single] })).rejects.toThrow('every example has the label "x"');
    const missing = fileWith('mine.csv', 'body,label\na,x\n');
    await expect(readOwnTask({ paths: [missing] })).rejects.toThrow('mine.csv:2: field "text": should be text');
    const train = fileWith('mine.csv', 'text,label\na,x\nb,y\n');
    const test = [fileWith('test.csv', 'text,label\na,z\n')];
    await expect(readOwnTask({ paths: [train], test })).rejects.toThrow('"z", which no training example has');
  });
});
