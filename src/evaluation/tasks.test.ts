import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteTokenizer } from '../data/fixtures.test-helper.js';
import { relations } from '../data/analogies.js';
import type { Task, TaskKind } from '../data/tasks/task.js';
import { Engine } from '../runtime/engine.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { bagOfWords, wordsOf } from './bag-of-words.js';
import { majorityOf, probabilitiesOf, taskReport } from './task-report.js';
import { analogies, nearSum, readSum, wordVectors } from './word-vectors.js';

describe('the report of a task', () => {
  it('counts by class who was taken for whom', () => {
    const report = taskReport(Int32Array.of(0, 0, 1, 1, 0), Int32Array.of(0, 1, 1, 1, 0), ['a', 'b', 'c']);
    expect(report).toMatchObject({ accuracy: 0.8, examples: 5 });
    expect(report.standardError).toBeCloseTo(Math.sqrt((0.8 * 0.2) / 5), 10);
    expect(report.confusion).toEqual([
      [2, 0, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    expect(report.classes).toEqual([
      { label: 'a', examples: 2, precision: 2 / 3, recall: 1 },
      { label: 'b', examples: 3, precision: 1, recall: 2 / 3 },
      { label: 'c', examples: 0, precision: null, recall: null },
    ]);
    expect(majorityOf(Int32Array.of(2, 1, 2), 3)).toBe(2);
    expect(probabilitiesOf([0, Math.log(3)])).toEqual([expect.closeTo(0.25, 10), expect.closeTo(0.75, 10)]);
  });
});

describe('a bag of words', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create({ threads: 1 });
  });
  afterAll(() => engine.dispose());

  const words = ['red', 'blue', 'green', 'white', 'black', 'grey'];
  const task = (
    kind: TaskKind,
    rows: readonly (readonly [number, ...string[]])[],
  ): Pick<Task, 'kind' | 'labels' | 'train'> => ({
    kind,
    labels: ['no', 'yes'],
    train: rows.map(([label, ...texts], line) => ({ texts, label, file: 'x', line })),
  });
  const right = async (given: ReturnType<typeof task>): Promise<number> => {
    const answer = await bagOfWords({ engine, task: given, epochs: 60 });
    const answers = answer(given.train);
    return given.train.filter(({ label }, index) => answers[index] === label).length / given.train.length;
  };

  it('reads words of lower case, without what stands around them', () => {
    expect(wordsOf('It’s 3 "Cats", isn\'t it?')).toEqual(['it’s', '3', 'cats', "isn't", 'it']);
  });

  it('learns which words a label has', async () => {
    const rows = words.flatMap((word, at): [number, string][] => [
      [at % 2, `the ${word} thing`],
      [at % 2, `${word}, a colour`],
    ]);
    expect(await right(task('classification', rows))).toBe(1);
  });

  it('learns which words two texts share, and which choice is right', async () => {
    const pairs = words.map(
      (word, at) => [at % 2, `a ${word} one`, `it is ${at % 2 === 1 ? word : 'none'}`] as [number, string, string],
    );
    expect(await right(task('entailment', pairs))).toBe(1);
    const choices = words.map((word, at) => {
      const list = at % 2 === 0 ? [word, 'stone'] : ['stone', word];
      return [at % 2, 'which colour', ...list] as [number, ...string[]];
    });
    expect(await right(task('choice', choices))).toBe(1);
  });
});

describe('vectors of words', () => {
  const words = ['man', 'woman', 'king', 'queen', 'stone'];
  const points = [
    [1, 0, 0],
    [1, 1, 0],
    [1, 0, 2],
    [1, 1, 2],
    [-1, 0.2, 0],
  ];
  /** A token for each word with its space, then one for each letter. */
  const tokenizer = {
    ...byteTokenizer(),
    vocabSize: words.length,
    controlTokens: new Map(),
    encode: (text: string) => Int32Array.from(text.trim().split(' '), (word) => words.indexOf(word)),
    decode: (ids: ArrayLike<number>) => ` ${words[ids[0]!]!}`,
  } as unknown as Tokenizer;
  const vectors = wordVectors(tokenizer, Float32Array.from(points.flat()));

  it('find what is near a word and near a sum, without the words themselves', () => {
    expect(nearSum(vectors, readSum('man'), 2).map(({ word }) => word)).toEqual(['woman', 'king']);
    const [first] = nearSum(vectors, readSum('king - man + woman'), 1);
    expect(first).toMatchObject({ word: 'queen' });
    expect(readSum('a - b + c')).toEqual([
      { word: 'a', sign: 1 },
      { word: 'b', sign: -1 },
      { word: 'c', sign: 1 },
    ]);
    expect(() => readSum('a b')).toThrow('neither a word nor a sum of words');
    expect(() => vectors.vectorOf('7')).toThrow("'7' is no word");
  });

  it('answer what is to one word as another is to a third', () => {
    // man : woman and king : queen, each in both orders; words that are no token are not asked for.
    expect(analogies(vectors, [relations['family']!])).toMatchObject({ questions: 2, accuracy: 1 });
    expect(analogies(vectors, [relations['past']!])).toMatchObject({ questions: 0, accuracy: 0 });
  });
});
