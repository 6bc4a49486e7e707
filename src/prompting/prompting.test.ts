import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import { trainTokenizer } from '../tokenizer/bpe-trainer.js';
import { builtInTask, defineTask, taskNames } from './built-in.js';
import { fieldsOf } from './columns.js';
import { encodeContinuation, fitShots, slidingWindows, unitsOf } from './encoding.js';
import type { TaskExample } from './example.js';
import { ShotPool, documentOf, joinPrompt, phrasingFor, render } from './prompts.js';
import { fill } from './template.js';

const place = { file: 'rows.tsv', line: 7 };
const example = (fields: TaskExample['fields'], line = 1): TaskExample => ({ fields, file: 'made', line });

const reviews = defineTask({
  name: 'reviews',
  source: { kind: 'rows', test: 'reviews.jsonl' },
  instruction: 'Good or bad?\n\n',
  prompt: 'Review: {{text}}\nIt is',
  target: ' {{label}}',
  answer: { by: 'choosing', choices: [' bad', ' good'] },
  metrics: ['accuracy'],
});

describe('templates', () => {
  it('fill slots to the letter, and touch nothing else', () => {
    expect(fill('{{ a }}{{b}} {c}\n', { a: ' x', b: '{{a}}' })).toBe(' x{{a}} {c}\n');
  });

  it('say which slot has no field, and where', () => {
    expect(() => fill('{{text}}', { label: '1' }, place)).toThrow('rows.tsv:7: the template asks for {{text}}');
    expect(() => fill('{{text}}', { text: ['a'] })).toThrow('this field is a list');
  });

  it('make the prompt of a task with its shots', () => {
    const shots = [
      { text: 'I slept.', label: 'bad' },
      { text: 'I wept.', label: 'good' },
    ].map((fields) => render(reviews, example(fields)));
    const question = render(reviews, example({ text: 'I left.', label: 'bad' }));
    expect(joinPrompt(reviews, shots, question.prompt)).toBe(
      'Good or bad?\n\nReview: I slept.\nIt is bad\n\nReview: I wept.\nIt is good\n\nReview: I left.\nIt is',
    );
    expect(question).toMatchObject({ target: ' bad', choices: [' bad', ' good'], right: 0, references: ['bad'] });
    expect(documentOf(reviews, [example({ text: 'A.', label: 'bad' })])).toBe('Good or bad?\n\nReview: A.\nIt is bad');
  });

  it('refuse a right answer that is none of the choices', () => {
    expect(() => render(reviews, example({ text: 'x', label: 'fair' }))).toThrow(
      'the answer " fair" of made:1 is none',
    );
  });

  it('put a question in one of several ways, by (seed, index)', () => {
    const several = { ...reviews, prompt: ['a {{text}}', 'b {{text}}', 'c {{text}}'] };
    const drawn = Array.from({ length: 60 }, (_, index) => phrasingFor(several, 1, index));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]));
    expect(drawn[7]).toBe(phrasingFor(several, 1, 7));
    expect(render(several, example({ text: 'x', label: 'bad' }), 2).prompt).toBe('c x');
  });
});

describe('tasks', () => {
  it.each(taskNames)('%s is one, and its slots are filled by its source', (name) => {
    const task = builtInTask(name);
    expect(task.metrics.length).toBeGreaterThan(0);
    if (task.source.kind !== 'rows') return;
    for (const column of Object.values(task.source.columns)) expect(column.trim).toBe(true);
  });

  it('that are wrong say every key', () => {
    expect(() => defineTask({ name: 'x y', source: { kind: 'rows' } }, 'my.yaml')).toThrow(
      /my\.yaml\.name: .*\n.*source/s,
    );
    expect(() => builtInTask('sst3')).toThrow("There is no task 'sst3'");
  });
});

describe('columns', () => {
  const column = (settings: object) => ({ trim: true, detokenise: false, ...settings });

  it('become fields: found, split, mapped, picked, detokenised', () => {
    const row = {
      Choices: '(A) a dog (B) the sun',
      Key: 'B',
      label: 1,
      answer: 'so 3\n#### 12',
      text: "it 's n't bad .",
    };
    const fields = fieldsOf(
      row,
      {
        options: column({ from: 'Choices', split: '\\s*\\([A-D]\\)\\s+' }),
        right: column({ from: 'options', pick: 'Key' }),
        sentiment: column({ from: 'label', map: { 0: 'negative', 1: 'positive' } }),
        number: column({ from: 'answer', match: '####\\s*(.*)$' }),
        prose: column({ from: 'text', detokenise: true }),
      },
      place,
    );
    expect(fields).toMatchObject({
      options: ['a dog', 'the sun'],
      right: 'the sun',
      sentiment: 'positive',
      number: '12',
      prose: "it'sn't bad.",
    });
  });

  it('that cannot be used say where and why', () => {
    expect(() => fieldsOf({ a: 'x' }, { b: column({}) }, place)).toThrow('rows.tsv:7: field "b"');
    expect(() => fieldsOf({ a: 'x' }, { a: column({ map: { y: 'z' } }) }, place)).toThrow('"x" is none of y');
    expect(() => fieldsOf({ a: 'x' }, { a: column({ match: '\\d' }) }, place)).toThrow('nothing in it matches');
  });
});

describe('shots', () => {
  const train = Array.from({ length: 30 }, (_, index) =>
    example({ text: `t${index}`, label: 'bad', topic: String(index % 3) }, index + 1),
  );
  const question = example({ text: 'q', label: 'bad', topic: '1' });

  it('are a function of (seed, question), and more of them begin with the fewer', () => {
    const pool = new ShotPool(reviews, { train, test: [] });
    const draw = (count: number, seed = 1, index = 0) => pool.draw(question, { seed, index, count });
    expect(draw(8).slice(0, 3)).toEqual(draw(3));
    expect(draw(8)).not.toEqual(draw(8, 2));
    expect(draw(8)).not.toEqual(draw(8, 1, 1));
    expect(new Set(draw(30)).size).toBe(30);
    expect(draw(99)).toHaveLength(30);
  });

  it('keep within a field or apart from it, and never show the question itself', () => {
    const within = new ShotPool({ ...reviews, shots: { from: 'train', within: 'topic' } }, { train, test: [] });
    const shown = within.draw(question, { seed: 1, index: 0, count: 20 });
    expect(shown).toHaveLength(10);
    for (const { fields } of shown) expect(fields['topic']).toBe('1');
    const apart = new ShotPool({ ...reviews, shots: { from: 'test', apart: 'topic' } }, { train: [], test: train });
    for (const { fields } of apart.draw(train[1]!, { seed: 1, index: 1, count: 20 }))
      expect(fields['topic']).not.toBe('1');
    const itself = new ShotPool({ ...reviews, shots: { from: 'test' } }, { train: [], test: train });
    expect(itself.draw(train[4]!, { seed: 1, index: 4, count: 30 })).not.toContain(train[4]);
    const none = new ShotPool(reviews, { train: [], test: train });
    expect(() => none.draw(question, { seed: 1, index: 0, count: 1 })).toThrow(
      "no examples to draw shots from in the split 'train'",
    );
  });

  it('fit as many as there is room for; a question alone may be cut between words', () => {
    const join = (shots: readonly string[], text: string): string => [...shots, text].join('|');
    const fit = (room: number, cut = false) =>
      fitShots({
        shots: ['aaa', 'bbb', 'ccc'],
        question: 'one two three',
        cut,
        join,
        fits: (prompt) => prompt.length <= room,
      });
    expect(fit(100)).toEqual({ shots: ['aaa', 'bbb', 'ccc'], prompt: 'aaa|bbb|ccc|one two three' });
    expect(fit(22)).toEqual({ shots: ['aaa', 'bbb'], prompt: 'aaa|bbb|one two three' });
    expect(fit(13)).toEqual({ shots: [], prompt: 'one two three' });
    expect(fit(12)).toBeUndefined();
    expect(fit(12, true)).toEqual({ shots: [], prompt: 'two three' });
    expect(fit(3, true)).toBeUndefined();
  });
});

describe('where an answer begins', () => {
  it('is found by its bytes in the tokens of prompt and answer together', async () => {
    const tokenizer = await trainTokenizer({
      text: ['the cat sat on the mat and the cat ate '.repeat(20)],
      vocabSize: 320,
    });
    const start = tokenizer.idOf('<|endoftext|>');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('the', ' cat', ' ', 'é', 'ma', 't') }),
        fc.constantFrom(' cat', 't', ' é', 'he mat'),
        (prompt, answer) => {
          const { ids, from, joined } = encodeContinuation(tokenizer, prompt, answer);
          expect([...ids]).toEqual([start, ...tokenizer.encode(prompt + answer)]);
          const behind = tokenizer.decodeBytes(ids.subarray(from)).length;
          expect(behind > Buffer.byteLength(answer)).toBe(joined);
          expect(tokenizer.decodeBytes(ids.subarray(from + 1)).length).toBeLessThan(Buffer.byteLength(answer));
        },
      ),
    );
    // " cat" is a token: asked for "at" behind " c", all of it counts, and that is said.
    const { ids, from, joined } = encodeContinuation(tokenizer, 'the c', 'at');
    expect([tokenizer.decode(ids.subarray(from)), joined]).toEqual([' cat', true]);
  });

  it('needs something before it', () => {
    const tokenizer = CharacterTokenizer.fromText('ab');
    expect(encodeContinuation(tokenizer, 'a', 'b')).toEqual({ ids: Int32Array.of(0, 1), from: 1, joined: false });
    expect(() => encodeContinuation(tokenizer, '', 'b')).toThrow('no token that a text begins behind');
  });

  it('windows count every token but the first once, each with its share of context', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 20 }),
        (length, contextLength, stride) => {
          const ids = Int32Array.from({ length }, (_, index) => index);
          const windows = slidingWindows(ids, { contextLength, stride });
          const counted = windows.flatMap(({ ids: own, from }) => [...own.subarray(from)]);
          expect(counted).toEqual([...ids.subarray(1)]);
          for (const { ids: own, from } of windows) {
            expect(own.length).toBeLessThanOrEqual(contextLength);
            const step = Math.min(stride, contextLength - 1);
            expect(from).toBeGreaterThanOrEqual(Math.min(own[from]!, contextLength - step));
          }
        },
      ),
    );
  });

  it('units of a text are words between white space, characters and bytes', () => {
    expect(unitsOf(" It's né,\n 😀 ")).toEqual({ words: 3, characters: 13, bytes: 17 });
  });
});
