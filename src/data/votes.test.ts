import { describe, expect, it } from 'vitest';
import { readVoteRow } from './votes.js';

const read = (value: Record<string, unknown>) => readVoteRow({ value, file: 'votes.jsonl', line: 3 });
const question = { role: 'user', content: 'Where?' };

describe('rows with a label', () => {
  it.each([
    [{ prompt: 'Where?', answer: 'Here.', label: true }, true],
    [{ prompt: 'Where?', completion: 'Here.', label: 'false' }, false],
    [{ messages: [question], response: 'Here.', label: 1 }, true],
    [{ instruction: 'Where?', output: 'Here.', label: 0 }, false],
    [{ messages: [question, { role: 'assistant', content: 'Here.' }], label: 'up' }, true],
  ])('%o', (row, liked) => {
    expect(read(row)).toMatchObject({ messages: [question], answer: 'Here.', liked, line: 3 });
  });

  it.each([
    [{ prompt: 'Where?', answer: 'Here.' }, 'field "label": is missing'],
    [{ prompt: 'Where?', answer: 'Here.', label: 'perhaps' }, 'field "label": should be true or false'],
    [{ prompt: 'Where?', label: true }, 'field "answer": is missing'],
    [{ messages: [question], label: true }, 'the last to speak must be the assistant'],
    [{ answer: 'Here.', label: true }, 'field "prompt": is missing'],
  ])('says what is wrong with %o', (row, why) => {
    expect(() => read(row)).toThrow(why);
  });
});
