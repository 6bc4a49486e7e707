import { expect, it } from 'vitest';
import { byteTokenizer, fileWith, folderWith } from './fixtures.test-helper.js';
import { detectKind, formatSummary, histogram, inspectData } from './inspect.js';

it('tells documents, chats and rankings apart', async () => {
  const kindOf = (files: Record<string, string>) => detectKind({ paths: folderWith(files) });
  expect(await kindOf({ 'a.txt': 'a' })).toBe('documents');
  expect(await kindOf({ 'a.jsonl': '{"text":"a"}' })).toBe('documents');
  expect(await kindOf({ 'README.md': 'a', 'a.jsonl': '{"instruction":"a","output":"b"}' })).toBe('chats');
  expect(await kindOf({ 'a.jsonl': '{"instruction":"a","output":["b","c"]}' })).toBe('rankings');
  expect(await kindOf({ 'a.csv': 'id\n1', 'b.jsonl': '{"prompt":"a","answers":["b","c"]}' })).toBe('rankings');
  await expect(kindOf({ 'a.csv': 'id\n1' })).rejects.toThrow(/a.csv:2: cannot tell what these rows are/);
  await expect(kindOf({ 'a.jsonl': '\n' })).rejects.toThrow('There is no row in this data');
});

it('counts roles, turns and lengths, and lists bad rows', async () => {
  const rows = [
    {
      messages: [
        { role: 'user', content: 'ab' },
        { role: 'assistant', content: '一' },
      ],
    },
    { messages: [{ role: 'user', content: 'a' }] },
    { instruction: 'c', output: 'd', history: [['a', 'b']] },
  ];
  const paths = fileWith('a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const summary = await inspectData({ paths, tokenizer: byteTokenizer() });
  expect(summary).toMatchObject({ kind: 'chats', unit: 'tokens', lengths: [5, 4] });
  expect(summary.counts).toEqual({
    'messages of user': 3,
    'messages of assistant': 3,
    'length of user': 4,
    'length of assistant': 5,
    'dialogues of several turns': 1,
  });
  const text = formatSummary(summary);
  expect(text).toContain('2 chats, 9 tokens');
  expect(text).toMatch(/1 bad row left out:\n.*a.jsonl:2: field "messages": no assistant speaks/);
});

it('counts pairs and ties of rankings', async () => {
  const paths = fileWith('a.jsonl', '{"prompt":"q","answers":["a",["b","c"],"d"]}');
  const { counts } = await inspectData({ paths });
  expect(counts).toMatchObject({ answers: 4, 'prompts with 4 answers': 1, 'ordered pairs': 5, 'tied pairs': 1 });
});

it('counts documents by their parts', async () => {
  const paths = fileWith('a.txt', 'word '.repeat(100) + '<|endoftext|>two');
  expect((await inspectData({ paths, partLength: 60 })).lengths).toEqual([499, 3]);
});

it('the histogram has a line for each power of two between the shortest and the longest', () => {
  expect(histogram([2, 3, 3, 9], 3).map((line) => line.trim())).toEqual(['2–3  ███ 3', '4–7      0', '8–15  █   1']);
  expect(histogram([])).toEqual([]);
});
