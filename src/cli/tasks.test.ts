import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandIn } from './descent.test-helper.js';

/** The real command on tasks that are made here: what a text is about, whether one follows, which choice is right. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

const animals = ['cat', 'dog', 'hen', 'owl', 'fox', 'ant', 'bee', 'cow'];
const tools = ['saw', 'axe', 'nail', 'rope', 'pump', 'lamp', 'cart', 'bolt'];
const jsonl = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const small = [
  '--batchSize',
  '4',
  '--training.steps',
  '4',
  '--evaluationWindows',
  '4',
  '--tokenizer.vocabularySize',
  '320',
];
const width = ['--model.width', '16'];
const heads = ['--model.layers', '1', '--model.heads', '2', '--model.contextLength', '32'];
const quick = ['--batchSize', '8', '--epochs', '2'];

interface Finetuned {
  readonly accuracy: number;
  readonly standardError: number;
  readonly majority: number;
  readonly bagOfWords: number;
  readonly examples: number;
  readonly model: string;
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-tasks-'));
  const words = [...animals, ...tools];
  const lines = words.flatMap((word, at) =>
    words.slice(at + 1, at + 5).map((other) => `The ${word} is by the ${other}.`),
  );
  await writeFile(join(cwd, 'text.txt'), `${lines.join('\n')}\n`.repeat(3));
  const labelled = words.flatMap((word) =>
    ['The', 'One', 'My'].map((article) => ({
      text: `${article} ${word}`,
      label: animals.includes(word) ? 'animal' : 'tool',
    })),
  );
  await writeFile(join(cwd, 'things.jsonl'), jsonl(labelled));
  await writeFile(join(cwd, 'bad.jsonl'), jsonl([{ text: 'The cat' }, ...labelled]));
  await writeFile(
    join(cwd, 'pairs.csv'),
    `text,text2,label\n${animals.map((animal, at) => `A ${animal} runs,A ${at % 2 === 0 ? animal : 'stone'} runs,${at % 2 === 0 ? 'yes' : 'no'}`).join('\n')}\n`,
  );
  const choices = animals.map((animal, at) => {
    const list = at % 2 === 0 ? [animal, tools[at]] : [tools[at], animal];
    return { text: 'Which lives?', choices: list, label: at % 2 === 0 ? 'A' : 'B' };
  });
  await writeFile(join(cwd, 'choices.jsonl'), jsonl(choices));
  await json('train', '--data', 'text.txt', '--out', 'runs/gpt', ...small, ...width, ...heads);
  for (const [name, more] of Object.entries({
    bert: heads,
    elmo: ['--model.layers', '1', '--model.contextLength', '8'],
    word2vec: ['--model.pairs', '4'],
  })) {
    const trained = await json(
      'train',
      name,
      '--data',
      'text.txt',
      '--out',
      `runs/${name}`,
      ...small,
      ...width,
      ...more,
    );
    expect(trained['stage']).toBe(`pretraining: ${name}`);
    expect(trained['validationLoss']).toBeGreaterThan(0);
  }
}, 600_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('descent finetune and classify', () => {
  it("teaches a GPT to tell one's own labels apart, beside its baselines, and the model can be asked", async () => {
    const made = await json<Finetuned>(
      'finetune',
      'runs/gpt',
      '--data',
      'things.jsonl',
      '--out',
      'runs/things',
      ...quick,
    );
    expect(made).toMatchObject({ stage: 'fine-tuning', examples: 5 });
    for (const share of [made.accuracy, made.majority, made.bagOfWords]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    const { answers } = await json<{ answers: { label: string; probabilities: Record<string, number> }[] }>(
      'classify',
      'runs/things',
      'The cat',
      'My saw',
    );
    expect(answers).toHaveLength(2);
    for (const { label, probabilities } of answers) {
      expect(Object.keys(probabilities)).toEqual(['animal', 'tool']);
      expect(Object.values(probabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(probabilities[label]).toBeGreaterThanOrEqual(0.5);
    }
    const lineage = await descent('lineage', 'runs/things');
    expect(lineage.stdout).toMatch(/fine-tuning[\s\S]*parent: pretrained[\s\S]*data: things.jsonl · 48 examples/);
    const config = JSON.parse(await readFile(join(cwd, 'runs/things/model/config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ model_type: 'descent-text', name: 'gpt', task: { kind: 'classification' } });
    // The same command again finds it finished.
    const table = await descent('finetune', 'runs/gpt', '--data', 'things.jsonl', '--out', 'runs/things', ...quick);
    expect(table.stdout).toMatch(/this model +\d+\.\d ± \d+\.\d\n.*the commonest label/);
    expect(table.stdout).toMatch(/label +examples +precision, % +recall, % +as animal +as tool/);
  });

  it('reads pairs and choices, without the language model beside them and without pretraining', async () => {
    const pairs = await json(
      'finetune',
      'runs/gpt',
      '--data',
      'pairs.csv',
      '--out',
      'runs/pairs',
      ...quick,
      '--lambda',
      '0',
    );
    expect(pairs['classes']).toHaveLength(2);
    const asked = await json<{ answers: { label: string }[] }>('classify', 'runs/pairs', 'A cat runs', 'A dog runs');
    expect(asked.answers).toHaveLength(1);
    const similar = ['--kind', 'similarity', '--pretrained', 'false', '--baselines', 'false'];
    await json('finetune', 'runs/gpt', '--data', 'pairs.csv', '--out', 'runs/similar', ...quick, ...similar);
    await json('finetune', 'runs/gpt', '--data', 'choices.jsonl', '--out', 'runs/choices', ...quick);
    const { answers } = await json<{ answers: { label: string }[] }>(
      'classify',
      'runs/choices',
      'Which lives?',
      'cat',
      'saw',
    );
    expect(['cat', 'saw']).toContain(answers[0]!.label);
  });

  it.each(['bert', 'elmo', 'word2vec'])('puts %s to the same tasks', async (name) => {
    const out = `runs/${name}-things`;
    const made = await json<Finetuned>('finetune', `runs/${name}`, '--data', 'things.jsonl', '--out', out, ...quick);
    expect(made.examples).toBe(5);
    const { answers } = await json<{ answers: unknown[] }>('classify', out, 'The cat', 'My saw', 'One bee');
    expect(answers).toHaveLength(3);
    await json('finetune', `runs/${name}`, '--data', 'choices.jsonl', '--out', `${out}-choices`, ...quick);
  });

  it('says what is wrong', async () => {
    const failing = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await descent(...args);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await failing('finetune', 'runs/gpt', '--data', 'bad.jsonl', '--out', 'runs/bad')).toMatch(
      /bad.jsonl:1: field "label": should be text, but is missing[\s\S]*--skip-bad/,
    );
    expect(await failing('finetune', 'runs/gpt', '--task', 'sst3')).toMatch(/no task named 'sst3'[\s\S]*brown, sst2/);
    expect(await failing('finetune', 'runs/gpt', '--task', 'sst2')).toMatch(/sst2 needs data/);
    expect(await failing('classify', 'runs/gpt', 'x')).toMatch(/has learnt no task/);
    expect(await failing('finetune', 'runs/gpt', '--task', 'brown', '--lamda', '1')).toMatch(/did you mean --lambda/);
    expect(await failing('train', 'bert', '--data', 'text.txt', '--model.width', '15', '--out', 'runs/odd')).toMatch(
      /model.width: 15 does not divide into 4 heads/,
    );
  });
});

describe('descent neighbours', () => {
  it('finds words near a word and near a sum of words', async () => {
    const { near } = await json<{ near: { word: string; similarity: number }[] }>(
      'neighbours',
      'runs/word2vec',
      'is',
      '--n',
      '2',
    );
    expect(near).toHaveLength(2);
    expect(near[0]!.similarity).toBeGreaterThanOrEqual(near[1]!.similarity);
    expect(near.map(({ word }) => word)).not.toContain('is');
    const sum = await descent('neighbours', 'runs/bert', 'the - by + is', '--n', '3');
    expect(sum.stdout.trim().split('\n').length).toBeGreaterThan(0);
    expect((await descent('neighbours', 'runs/word2vec', 'the by')).stderr).toMatch(
      /neither a word nor a sum of words/,
    );
  });
});
