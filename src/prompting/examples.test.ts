import { describe, expect, it } from 'vitest';
import { Choice } from '../data/almanac/choice.js';
import { fileWith, folderWith, hasSharedData, sharedPath } from '../data/fixtures.test-helper.js';
import { builtInTask, defineTask } from './built-in.js';
import { clozes, sentencesOf } from './cloze.js';
import { drawFunction, functionFamilies } from './generated/functions.js';
import { functionDocuments, sumDocuments } from './generated/index.js';
import { drawSum } from './generated/sums.js';
import { render } from './prompts.js';
import { readExamples } from './sources.js';

const read = (source: object, data?: string) =>
  readExamples(
    defineTask({ name: 'x', source: source as never, answer: { by: 'predicting' }, metrics: ['last token'] }).source,
    { ...(data !== undefined && { data }) },
  );

describe('examples from files', () => {
  it('are rows with named columns, or columns named by the task where the file names none', async () => {
    const data = folderWith({ 'a.tsv': 'good\t1\nbad\t0\n', 'b.jsonl.gz': '{"text":"fair","label":1}\n' });
    const { train, test } = await read(
      { kind: 'rows', train: 'b.jsonl.gz', test: ['a.tsv'], header: ['text', 'label'] },
      data,
    );
    expect(test.map(({ fields }) => fields)).toEqual([
      { text: 'good', label: '1' },
      { text: 'bad', label: '0' },
    ]);
    expect(train[0]).toMatchObject({ fields: { text: 'fair', label: '1' }, line: 1 });
  });

  it('are those of a task that models are trained on, by its labels', async () => {
    const heading = 'ID\tStem\tChoices\tAll\tKey\n';
    const data = folderWith({
      'cls-sst2/train.tsv.gz': "sentence\tlabel\nit 's bad .\t0\n",
      'cls-sst2/test.tsv.gz': 'sentence\tlabel\nfine .\t1\n',
      'eval-openbookqa/train.tsv.gz': `${heading}1\tThe\t(A) a (B) b (C) c (D) d (D) e\t…\tD\n2\tIt\t(A) a (B) b (C) c (D) d\t…\tB\n`,
      'eval-openbookqa/test.tsv.gz': `${heading}1\tAn\t(A) a (B) b (C) c (D) d\t…\tD\n`,
    });
    const shown = async (name: string) => {
      const task = builtInTask(name);
      const { train, test } = await readExamples(task.source, { data });
      return [train, test].map((list) =>
        list.map((each) => render(task, each)).map((each) => each.prompt + each.target),
      );
    };
    expect(await shown('sst2')).toEqual([
      ["Review: it's bad.\nSentiment: negative"],
      ['Review: fine.\nSentiment: positive'],
    ]);
    expect(await shown('openbookqa')).toEqual([['Question: It\nAnswer: b'], ['Question: An\nAnswer: d']]);
  });

  it('are lines that belong together', async () => {
    const data = folderWith({ 'en.dev': 'one\ntwo\n', 'fr.dev': 'un\ndeux\n', 'de.dev': 'eins\n' });
    const { test } = await read({ kind: 'lines', test: { source: 'en.dev', translation: 'fr.dev' } }, data);
    expect(test[1]!.fields).toEqual({ source: 'two', translation: 'deux' });
    await expect(read({ kind: 'lines', test: { source: 'en.dev', translation: 'de.dev' } }, data)).rejects.toThrow(
      /de\.dev:2: there is no such line/,
    );
  });

  it('are questions of SQuAD', async () => {
    const qas = [{ question: 'Who?', answers: [{ text: 'Ann' }, { text: 'Ann B.' }, { text: 'Ann' }] }];
    const path = fileWith('q.json', JSON.stringify({ data: [{ paragraphs: [{ context: 'Ann came.', qas }] }] }));
    const { test } = await read({ kind: 'squad', test: 'q.json' }, path.replace(/q\.json$/, ''));
    expect(test[0]!.fields).toEqual({
      context: 'Ann came.',
      question: 'Who?',
      answer: 'Ann',
      answers: ['Ann', 'Ann B.'],
    });
  });

  it('need a folder, and say so', async () => {
    await expect(read({ kind: 'documents', test: 'a.txt' })).rejects.toThrow('no folder of data was given');
  });
});

describe('cloze questions', () => {
  const sentence = (at: number): string =>
    `${['Alice', 'Bruno', 'Clara'][at % 3]!} saw the ${['river', 'garden', 'window', 'lantern'][at % 4]!} and met ${['Bruno', 'Clara', 'Alice'][at % 3]!}.`;
  const book = `# Title: A Book\n\n-------\n\n${Array.from({ length: 60 }, (_, at) => sentence(at)).join(' ')}\n\n"Where is _the_ garden?" asked Clara.\n`;

  it('know the sentences of a book from its headings', () => {
    const sentences = sentencesOf(book);
    expect(sentences[0]).toBe('Alice saw the river and met Bruno.');
    expect(sentences.at(-1)).toBe('"Where is the garden?" asked Clara.');
  });

  it('ask for a last word that the passage had', () => {
    const questions = clozes([book], { of: 'last word', sentences: 3 });
    expect(questions.length).toBeGreaterThan(5);
    for (const { context, word } of questions as { context: string; word: string }[]) {
      expect(context.split(/\W+/)).toContain(word);
      expect(context).not.toMatch(/\s$/);
      expect(book).toContain(`${context} ${word}.`);
    }
  });

  it.each([
    ['name', ['Alice', 'Bruno', 'Clara']],
    ['common noun', ['river', 'garden', 'window', 'lantern']],
  ] as const)('leave out a %s, and offer words of its kind that the passage had', (of, words) => {
    const questions = clozes([book], { of, sentences: 8, candidates: 3 });
    expect(questions.length).toBeGreaterThan(3);
    for (const { context, word, rest, candidates, completions, completion } of questions) {
      expect(book).toContain(`${String(context)} ${String(word)}${String(rest)}`);
      expect(candidates).toHaveLength(3);
      expect(candidates).toContain(word);
      for (const candidate of candidates!) expect(words).toContain(candidate);
      expect(completions).toContain(completion);
    }
    expect(clozes([book], { of, sentences: 8, candidates: 3 })).toEqual(questions);
  });
});

describe('made examples', () => {
  it('ask about functions that no training text shows', async () => {
    for (const family of functionFamilies) {
      const names = (split: 'training' | 'evaluation') =>
        new Set(Array.from({ length: 200 }, (_, at) => drawFunction(new Choice(1, split, at), family, split).name));
      const training = names('training');
      expect(names('evaluation').size).toBeGreaterThan(0);
      for (const name of names('evaluation')) expect(training.has(name)).toBe(false);
    }
    const { train, test } = await readExamples(
      builtInTask('in-context', { source: { kind: 'generated', name: 'in-context', settings: { functions: 3 } } })
        .source,
    );
    expect(test).toHaveLength(4 * 3 * 4);
    const shown = new Set(train.map(({ fields }) => fields['function']));
    for (const { fields } of test) expect(shown).toContain(fields['function']);
    expect(functionDocuments({ seed: 1, count: 2, examples: 3 })[0]!.split('\n')).toHaveLength(3);
  });

  it('answer sums rightly, step by step', () => {
    const choice = new Choice(1, 'test');
    for (let count = 0; count < 50; count++) {
      const { question, answer, working } = drawSum(choice, { digits: 3, split: 'training', storyShare: 0.5 });
      const [a, b] = question.match(/\d+/g)!.map(Number) as [number, number];
      expect(Number(answer)).toBe(a + b);
      const columns = working
        .split(' ')
        .map((column) => /^(\d)\+(\d)\+(\d)=(\d)(\d)$/.exec(column)!.slice(1).map(Number));
      columns.forEach(([x, y, carry, tens, ones], place) => {
        expect(x! + y! + carry!).toBe(10 * tens! + ones!);
        expect(carry).toBe(place === 0 ? 0 : columns[place - 1]![3]);
      });
      const digits = columns
        .map(([, , , , ones]) => ones!)
        .reverse()
        .join('');
      expect(Number(`${columns.at(-1)![3]!}${digits}`)).toBe(a + b);
    }
    const tasks = [builtInTask('sums'), builtInTask('sums-worked')];
    const [plain, worked] = sumDocuments(tasks, { seed: 1, count: 2, sums: 2, digits: 2, stories: 0 });
    expect(plain).toMatch(/^Q: \d\d\+\d\d\nA: \d+\nQ: \d\d\+\d\d\nA: \d+$/);
    expect(worked).toMatch(/^Q: \d\d\+\d\d\nA: \d\+\d\+0=\d\d \d\+\d\+[01]=\d\d so \d+\nQ: /);
  });

  it('offer facts of one kind, the right one among them', async () => {
    const source = { kind: 'generated', name: 'almanac', settings: { attribute: 'capital' } } as const;
    const { train, test } = await read(source);
    const all = await read({ ...source, settings: { attribute: 'capital', all: true } });
    expect(all.test).toHaveLength(new Set(all.test.map(({ fields }) => fields['entity'])).size);
    expect(train.length + test.length).toBeLessThan(all.test.length);
    for (const { fields } of test) {
      expect(fields['options']).toHaveLength(4);
      expect(fields['options']).toContain(fields['value']);
    }
  });
});

describe.runIf(hasSharedData('eval-gsm8k'))('the tasks on their data', () => {
  const cases = [
    'sst2',
    'ag-news',
    'openbookqa',
    'flores-en-fr',
    'flores-zh-en',
    'xquad-en',
    'xquad-zh',
    'tldr',
    'gsm8k',
    'last-word',
    'common-noun',
    'name',
  ];
  const counts: Readonly<Record<string, number>> = {
    sst2: 872,
    'ag-news': 7600,
    openbookqa: 500,
    'flores-en-fr': 1012,
    'flores-zh-en': 1012,
    'xquad-en': 1190,
    'xquad-zh': 1190,
    tldr: 7600,
    gsm8k: 1319,
  };
  it.each(cases)('%s', { timeout: 600_000 }, async (name) => {
    const task = builtInTask(name);
    const { test } = await readExamples(task.source, { data: sharedPath('.'), testOnly: true });
    if (counts[name] !== undefined) expect(test).toHaveLength(counts[name]);
    else expect(test.length).toBeGreaterThan(100);
    for (const each of test) expect(render(task, each).target).toMatch(/^ \S/);
  });
});
