import { describe, expect, it } from 'vitest';
import { BadRowError, BadRows } from './bad-rows.js';
import { collect, fileWith, hasSharedData, sharedPath } from './fixtures.test-helper.js';
import { readRankingRow, readRankings } from './rankings.js';

const read = (value: Record<string, unknown>, options = {}) =>
  readRankingRow({ value, file: 'f.jsonl', line: 7 }, options);
const ranks = (value: Record<string, unknown>) => read(value).answers.map(({ text, rank }) => [text, rank]);

describe('every format becomes ranks, 0 the best', () => {
  const cases: Record<string, [Record<string, unknown>, [string, number][]]> = {
    'answers in order': [
      { answers: ['a', 'b', 'c'] },
      [
        ['a', 0],
        ['b', 1],
        ['c', 2],
      ],
    ],
    'with ties': [
      { answers: ['a', ['b', 'c'], 'd'] },
      [
        ['a', 0],
        ['b', 1],
        ['c', 1],
        ['d', 2],
      ],
    ],
    'in a table cell': [
      { answers: '["a", ["b", "c"]]' },
      [
        ['a', 0],
        ['b', 1],
        ['c', 1],
      ],
    ],
    scores: [
      { answers: ['a', 'b', 'c'], scores: [1, 5, 1] },
      [
        ['b', 0],
        ['a', 1],
        ['c', 1],
      ],
    ],
    'scored answers': [
      {
        answers: [
          { text: 'a', score: 0 },
          { text: 'b', score: '0.5' },
        ],
      },
      [
        ['b', 0],
        ['a', 1],
      ],
    ],
    'ranked answers': [
      {
        answers: [
          { text: 'a', rank: 2 },
          { text: 'b', rank: 1 },
        ],
      },
      [
        ['b', 0],
        ['a', 1],
      ],
    ],
    'outputs in order, as in LLaMA-Factory': [
      { output: ['a', 'b'] },
      [
        ['a', 0],
        ['b', 1],
      ],
    ],
    'AlpacaEval annotations': [
      {
        answers: [
          { model: 'x', output: 'a', win_vs_davinci003: 0 },
          { model: 'y', output: 'b', win_vs_davinci003: 1 },
        ],
      },
      [
        ['b', 0],
        ['a', 1],
      ],
    ],
    pairs: [
      { chosen: 'a', rejected: 'b' },
      [
        ['a', 0],
        ['b', 1],
      ],
    ],
    'pairs as messages': [
      { chosen: [{ role: 'assistant', content: 'a' }], rejected: [{ role: 'assistant', content: 'b' }] },
      [
        ['a', 0],
        ['b', 1],
      ],
    ],
    'an empty answer is an answer': [
      { answers: ['a', ''] },
      [
        ['a', 0],
        ['', 1],
      ],
    ],
    'a repeated answer counts once, at its best place': [
      { answers: ['a', 'b', 'a'] },
      [
        ['a', 0],
        ['b', 1],
      ],
    ],
  };
  for (const [name, [row, expected]] of Object.entries(cases)) {
    it(name, () => {
      expect(ranks({ prompt: 'q', ...row })).toEqual(expected);
    });
  }

  it('the prompt may be a text, messages, or an instruction with input and history', () => {
    const answers = ['a', 'b'];
    const question = { role: 'user', content: 'q' };
    const history = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'y' },
    ];
    for (const row of [
      { prompt: 'q', answers },
      { messages: [question], answers },
      { instruction: 'q', input: '', output: answers },
    ]) {
      expect(read(row).messages).toEqual([question]);
    }
    expect(read({ messages: [...history, question], answers }).messages).toEqual([...history, question]);
    expect(read({ instruction: 'q', history: [['x', 'y']], output: answers }).messages).toEqual([...history, question]);
  });
});

describe('more answers than wanted', () => {
  const answers = Array.from({ length: 30 }, (_, index) => ({ text: `answer ${index}`, score: index % 3 }));
  const row = { prompt: 'q', answers };

  it('are drawn: always the same by one seed, others by another', () => {
    expect(read(row).answers).toHaveLength(9);
    expect(read(row)).toEqual(read(row));
    expect(read(row, { seed: 1 })).not.toEqual(read(row));
    expect(read(row, { maximumAnswers: 4 }).answers).toHaveLength(4);
  });

  it('keep their order and at least two ranks', () => {
    const rare = answers.map(({ text }, index) => ({ text, score: index === 3 ? 1 : 0 }));
    for (let seed = 0; seed < 50; seed++) {
      const drawn = read(row, { seed }).answers;
      for (let i = 1; i < drawn.length; i++) expect(drawn[i]!.rank).toBeGreaterThanOrEqual(drawn[i - 1]!.rank);
      expect(new Set(read({ prompt: 'q', answers: rare }, { seed }).answers.map(({ rank }) => rank)).size).toBe(2);
    }
  });
});

describe('a bad row says file, line, field and why', () => {
  const cases: Record<string, [Record<string, unknown>, string]> = {
    'no prompt': [{ answers: ['a', 'b'] }, 'field "prompt": is missing'],
    'an empty prompt': [{ prompt: '', answers: ['a', 'b'] }, 'field "prompt": is empty'],
    'a prompt that ends with an answer': [
      {
        messages: [
          { role: 'user', content: 'q' },
          { role: 'assistant', content: 'a' },
        ],
        answers: ['a', 'b'],
      },
      'field "messages": the last to speak must be the user',
    ],
    'one answer': [{ prompt: 'q', answers: ['a'] }, 'field "answers": needs at least two different answers'],
    'the same answer twice': [
      { prompt: 'q', answers: ['a', 'a'] },
      'field "answers": needs at least two different answers',
    ],
    'nothing but ties': [{ prompt: 'q', answers: [['a', 'b']] }, 'field "answers": all answers tie'],
    'an answer that is no text': [
      { prompt: 'q', answers: ['a', 3] },
      'field "answers[1]": should be text, but is the number 3',
    ],
    'scores of another number': [
      { prompt: 'q', answers: ['a', 'b'], scores: [1] },
      'field "scores": has 1 scores for 2 answers',
    ],
    'a score that is no number': [
      { prompt: 'q', answers: ['a', 'b'], scores: [1, 'x'] },
      'field "scores[1]": should be a number, but is the string "x"',
    ],
    'an answer without a score': [
      { prompt: 'q', answers: [{ text: 'a' }] },
      'field "answers[0].score": should be a number, but is missing',
    ],
    'no ranking at all': [
      { prompt: 'q', answer: 'a' },
      'not a ranking in any known format: it is an object with the fields prompt, answer',
    ],
  };
  for (const [name, [row, why]] of Object.entries(cases)) {
    it(name, () => {
      expect(() => read(row)).toThrow(BadRowError);
      expect(() => read(row)).toThrow(`f.jsonl:7: ${why}`);
    });
  }

  it('is left out and listed where a list is given', async () => {
    const paths = fileWith('a.jsonl', '{"prompt":"q","answers":["a","b"]}\n{"prompt":"q","answers":["a"]}');
    await expect(collect(readRankings({ paths }))).rejects.toThrow('a.jsonl:2: field "answers"');
    const badRows = new BadRows();
    expect(await collect(readRankings({ paths, badRows }))).toHaveLength(1);
    expect(badRows.count).toBe(1);
  });
});

describe.runIf(hasSharedData('pref-oasst-rm-zh'))('real data', () => {
  it('pref-oasst-rm-zh: 775 prompts, three of which have the same answer twice', async () => {
    const badRows = new BadRows();
    const rankings = await collect(readRankings({ paths: sharedPath('pref-oasst-rm-zh'), badRows }));
    expect(rankings).toHaveLength(772);
    expect(badRows.count).toBe(3);
    expect(rankings.filter(({ messages }) => messages.length > 1).length).toBeGreaterThan(380);
  });

  it('pref-alpaca-eval: 805 prompts with 9 of about 24 answers each', async () => {
    const paths = sharedPath('pref-alpaca-eval/ranked_answers.jsonl.gz');
    const rankings = await collect(readRankings({ paths }));
    expect(rankings).toHaveLength(805);
    for (const { answers } of rankings) expect(answers).toHaveLength(9);
  });
});
