import { describe, expect, it } from 'vitest';
import { readPrompts } from './prompts.js';

describe('pasted prompts', () => {
  it('are lines, or rows of JSON whose answer is dropped', () => {
    const dialogue = {
      messages: [
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'Yes.' },
        { role: 'user', content: 'Two?' },
        { role: 'assistant', content: 'No.' },
      ],
    };
    const text = ['', '  Where is it? ', JSON.stringify({ prompt: 'Who?' }), JSON.stringify(dialogue)].join('\n');
    expect(readPrompts(text)).toEqual({
      prompts: [
        [{ role: 'user', content: 'Where is it?' }],
        [{ role: 'user', content: 'Who?' }],
        dialogue.messages.slice(0, 3),
      ],
    });
  });

  it.each([
    '{',
    '{}',
    '{"messages": []}',
    '{"messages": [{"role": "user"}]}',
    '{"messages": [{"role": "x", "content": "y"}]}',
  ])('are not %s', (line) => {
    expect(readPrompts(`good\n${line}`).bad).toBe(2);
  });
});
