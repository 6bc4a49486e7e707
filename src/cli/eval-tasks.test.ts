import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curveBars, curveDrawing } from './compare/learning-curves.js';
import { commandIn } from './descent.test-helper.js';

/** `descent eval --task` and `descent data cloze`, the real commands at a tiny size. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

const task = {
  name: 'colours',
  source: {
    kind: 'rows',
    train: 'train.jsonl',
    test: 'test.csv',
    columns: { colour: { map: { r: 'red', b: 'blue' } } },
  },
  prompt: 'The {{animal}} is',
  target: ' {{colour}}',
  separator: '\n',
  answer: { by: 'choosing', choices: [' red', ' blue'], prior: 'It is' },
  metrics: ['accuracy', 'accuracy by prior'],
};

interface Evaluation {
  readonly task: string;
  readonly shots: { readonly asked: number; readonly mean: number };
  readonly questions: number;
  readonly cached: boolean;
  readonly records: string;
  readonly figures: Readonly<Record<string, { readonly value: number; readonly standardError: number }>>;
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-eval-'));
  const animals = ['cat', 'dog', 'hen', 'owl', 'fox', 'ant'];
  const text = animals.map((animal, index) => `The ${animal} is ${index % 2 === 0 ? 'red' : 'blue'}.`).join('\n');
  await writeFile(join(cwd, 'text.txt'), `${text}\n`.repeat(30));
  await mkdir(join(cwd, 'data'));
  const rows = animals.map((animal, index) => `${JSON.stringify({ animal, colour: index % 2 === 0 ? 'r' : 'b' })}\n`);
  await writeFile(join(cwd, 'data', 'train.jsonl'), rows.join(''));
  await writeFile(join(cwd, 'data', 'test.csv'), 'animal,colour\ncow,r\nbee,b\npig,r\n');
  await writeFile(join(cwd, 'colours.json'), JSON.stringify(task));
  const sizes = ['--model.layers', '1', '--model.heads', '2', '--model.width', '16', '--model.contextLength', '32'];
  const small = [
    '--batchSize',
    '4',
    '--evaluationWindows',
    '4',
    '--tokenizer.vocabularySize',
    '320',
    '--training.steps',
    '2',
  ];
  await json('train', '--data', 'text.txt', ...sizes, ...small, '--out', 'base');
}, 600_000);

afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('descent eval --task', () => {
  const asked = ['eval', 'base', '--task', 'colours.json', '--data', 'data', '--shots', '0,2', '--out', 'kept'];

  it('measures a task of one’s own at several numbers of shots, and reads it again the second time', async () => {
    const first = await json<Evaluation[]>(...asked, '--plot', 'curve.svg');
    expect(first.map(({ shots }) => shots.asked)).toEqual([0, 2]);
    for (const { task: name, questions, cached, figures } of first) {
      expect([name, questions, cached]).toEqual(['colours', 3, false]);
      expect(Object.keys(figures)).toEqual(['accuracy', 'accuracy by prior']);
    }
    const curve = await readFile(join(cwd, 'curve.svg'), 'utf8');
    expect(curve).toMatch(/^<svg .*colours: accuracy.*<\/svg>\n$/s);
    const made = await stat(join(cwd, first[0]!.records));
    const again = await json<Evaluation[]>(...asked);
    expect(again).toEqual(first.map((evaluation) => ({ ...evaluation, cached: true })));
    expect((await stat(join(cwd, first[0]!.records))).mtimeMs).toBe(made.mtimeMs);
    // Measured anew, it is the same.
    const elsewhere = await json<Evaluation[]>(...asked.slice(0, -1), 'elsewhere');
    expect(elsewhere.map(({ figures }) => figures)).toEqual(first.map(({ figures }) => figures));
    // Without shots it does not matter what they could be.
    const [none] = await json<Evaluation[]>(...asked, '--shots', '0');
    expect(none).toMatchObject({ cached: true });
    // Other settings are other results.
    const [limited] = await json<Evaluation[]>(...asked, '--limit', '2');
    expect(limited).toMatchObject({ questions: 2, cached: false });
  });

  it('shows prompts to the letter, with every score', async () => {
    const { stdout, code, stderr } = await descent(...asked, '--show', '1');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('colours: figure ± standard error');
    expect(stdout).toContain('colours: accuracy over examples in the prompt');
    expect(stdout).toMatch(
      /--- data\/test\.csv:2, 2 shots\nThe \w+ is (red|blue)\nThe \w+ is (red|blue)\nThe cow is\n {2}> .* nats, \d+ tokens, .* behind the prior {2}" red"/,
    );
    const [record] = (await readFile(join(cwd, 'kept', await recordsOf()), 'utf8')).split('\n');
    expect(JSON.parse(record!)).toMatchObject({ file: 'data/test.csv', line: 2, shots: 0, prompt: 'The cow is' });
  });

  const recordsOf = async (): Promise<string> => {
    const [{ records }] = (await json<Evaluation[]>(...asked)) as [Evaluation];
    return records.replace('kept/', '');
  };

  it('measures text in every unit, in windows that slide', async () => {
    const { text } = await json<{ text: Record<string, number> }>(
      'eval',
      'base',
      '--text',
      'text.txt',
      '--stride',
      '8',
    );
    expect(text['stride']).toBe(8);
    expect(text['tokenizer']).toHaveProperty('vocabulary');
    expect(text['perplexity']).toBeCloseTo(Math.exp(text['loss']!), 8);
    expect(text['bitsPerByte']).toBeCloseTo(text['bitsPerCharacter']!, 8);
    const words = 30 * 6 * 4;
    const nats = text['loss']! * text['tokens']!;
    expect(text['perplexityPerWord']).toBeCloseTo(Math.exp(nats / words), 4);
  });

  it.each([
    ['an unknown task', ['eval', 'base', '--task', 'sst3'], /no task 'sst3'.*There are: last-word/s],
    ['data without a folder', ['eval', 'base', '--task', 'sst2'], /sst2 needs data.*--data.*cls-sst2\/train\.tsv\.gz/s],
    ['no model', ['eval', '--task', 'sums'], /no model to measure/],
    ['two kinds at once', ['eval', 'base', '--task', 'sums', '--almanac'], /--task stands alone/],
    ['two models on text', ['eval', 'base', 'base', '--text', 'text.txt'], /one word too many/],
  ])('says what is wrong with %s', async (_, args, message) => {
    const { code, stderr } = await descent(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it('lists the tasks that come along', async () => {
    const { stdout, code } = await descent('eval', '--task', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^task .*\nlast-word +predicting +whole answer +LAMBADA-like/);
  });

  it('makes cloze questions of books, which tasks read', async () => {
    const names = ['Ann', 'Tom', 'Eve'];
    const book = Array.from({ length: 40 }, (_, at) => `So ${names[at % 3]!} met ${names[(at + 1) % 3]!}.`).join(' ');
    await writeFile(join(cwd, 'book.txt'), book);
    const made = await json<{ kind: string; path: string; questions: number }[]>(
      ...['data', 'cloze', 'book.txt', '--sentences', '3', '--candidates', '2', '--out', 'cloze'],
    );
    expect(made.map(({ kind }) => kind)).toEqual(['last word', 'common noun', 'name']);
    expect(made[0]!.questions).toBeGreaterThan(0);
    expect(existsSync(join(cwd, made[2]!.path))).toBe(true);
    const ask = {
      ...task,
      tooLong: 'cut',
      name: 'last',
      source: { kind: 'rows', test: 'last-word.jsonl' },
      prompt: '{{context}}',
    };
    const yaml = JSON.stringify({
      ...ask,
      target: ' {{word}}',
      answer: { by: 'predicting' },
      metrics: ['whole answer'],
    });
    await writeFile(join(cwd, 'last.yaml'), yaml);
    const answer = { by: 'generating', maxTokens: 3, avoid: 'stop words' };
    const said = JSON.stringify({ ...(JSON.parse(yaml) as object), name: 'said', answer, metrics: ['exact match'] });
    await writeFile(join(cwd, 'said.yaml'), said);
    const asked = ['--task', 'last.yaml', 'said.yaml', '--data', 'cloze', '--limit', '3'];
    const both = await json<Evaluation[]>('eval', 'base', ...asked);
    expect(both.map((evaluation) => evaluation.task)).toEqual(['last', 'said']);
    expect(await readFile(join(cwd, both[1]!.records), 'utf8')).toMatch(/"said":\["/);
  });
});

describe('curves', () => {
  const chart = {
    title: 'task: accuracy',
    below: 'examples',
    curves: [
      {
        label: 'small & old',
        points: [0, 1, 4].map((x) => ({ x, y: 0.1 * x, low: 0.1 * x - 0.05, high: 0.1 * x + 0.05 })),
      },
      { label: 'large', points: [{ x: 1, y: 0.5 }] },
    ],
  };

  it('are drawn with equal steps, intervals and escaped names', () => {
    const svg = curveDrawing([chart, chart]);
    expect(svg).toContain('small &amp; old');
    expect(svg.match(/<circle/g)).toHaveLength(8);
    expect(svg).not.toMatch(/NaN|undefined/);
    const [first, second, third] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(third! - second!).toBeCloseTo(second! - first!, 6);
  });

  it('are bars in a terminal', () => {
    expect(curveBars(chart, 10)).toBe(
      [
        'task: accuracy over examples',
        '  small & old',
        '       0              0  (-0.05 to 0.05)',
        '       1  ██          0.1  (0.05 to 0.15)',
        '       4  ████████    0.4  (0.35 to 0.45)',
        '  large',
        '       1  ██████████  0.5',
      ].join('\n'),
    );
  });
});
