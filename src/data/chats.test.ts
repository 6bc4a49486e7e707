import { describe, expect, it } from 'vitest';
import { BadRowError, BadRows } from './bad-rows.js';
import { readChatRow, readChats } from './chats.js';
import { collect, fileWith, hasSharedData, sharedPath } from './fixtures.test-helper.js';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const system = (content: string) => ({ role: 'system', content });
const read = (value: Record<string, unknown>) =>
  readChatRow({ value, file: 'f.jsonl', line: 7 }).map(({ messages }) => messages);

describe('every format becomes messages', () => {
  const turns = [user('a'), assistant('b'), user('c'), assistant('d')];
  const cases: Record<string, [Record<string, unknown>, unknown[]]> = {
    'OpenAI messages': [{ messages: [system('s'), ...turns] }, [system('s'), ...turns]],
    'OpenAI messages with text parts': [
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }, assistant('b')] },
      [user('a'), assistant('b')],
    ],
    'OpenAI messages in a table cell': [{ messages: JSON.stringify(turns) }, turns],
    'the developer role': [{ messages: [{ role: 'developer', content: 's' }, ...turns] }, [system('s'), ...turns]],
    ShareGPT: [
      {
        system: 's',
        conversations: [
          { from: 'human', value: 'a' },
          { from: 'gpt', value: 'b' },
        ],
      },
      [system('s'), user('a'), assistant('b')],
    ],
    'LIMA, as published': [{ conversations: ['a', 'b', 'c', 'd'], source: 'x' }, turns],
    Alpaca: [{ instruction: 'a', input: '', output: 'b' }, [user('a'), assistant('b')]],
    'Alpaca with an input': [{ instruction: 'a', input: 'x', output: 'b' }, [user('a\n\nx'), assistant('b')]],
    'Alpaca with history': [{ instruction: 'c', output: 'd', history: [['a', 'b']] }, turns],
    'prompt and completion': [{ prompt: 'a', completion: 'b' }, [user('a'), assistant('b')]],
    'question and answer': [{ question: 'a', answer: 'b' }, [user('a'), assistant('b')]],
  };
  for (const [name, [row, messages]] of Object.entries(cases)) {
    it(name, () => {
      expect(read(row)).toEqual([messages]);
    });
  }

  it('Self-Instruct gives a dialogue for each instance', () => {
    const instances = [
      { input: 'x', output: 'b' },
      { input: '', output: 'c' },
    ];
    expect(read({ instruction: 'a', instances })).toEqual([
      [user('a\n\nx'), assistant('b')],
      [user('a'), assistant('c')],
    ]);
  });
});

describe('a bad row says file, line, field and why', () => {
  const cases: Record<string, [Record<string, unknown>, string]> = {
    'an empty answer': [{ instruction: 'a', output: '' }, 'field "output": is empty'],
    'white space as answer': [{ prompt: 'a', completion: ' \n' }, 'field "completion": is only white space'],
    'a missing answer': [{ instruction: 'a' }, 'field "output": should be text, but is missing'],
    'an instruction that is a number': [
      { instruction: 3, output: 'b' },
      'field "instruction": should be text, but is the number 3',
    ],
    'a history that is none': [
      { instruction: 'a', output: 'b', history: [['x']] },
      'field "history[0]": should be a question and its answer, but is an array of 1',
    ],
    'messages that are no array': [
      { messages: 'hello' },
      'field "messages": should be an array, but is the string "hello"',
    ],
    'no messages': [{ messages: [] }, 'field "messages": is an empty array'],
    'a message that is none': [{ messages: [null] }, 'field "messages[0]": should be a message, but is null'],
    'a role that is unknown': [
      { messages: [{ role: 'tool', content: 'x' }] },
      'field "messages[0].role": should say who speaks',
    ],
    'content that is missing': [
      { messages: [{ role: 'user' }] },
      'field "messages[0].content": should be text, but is missing',
    ],
    'an image that is nowhere': [
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'field "messages[0].content[0]": should be an image_url part with its url, but has none',
    ],
    'content that is a sound': [
      { messages: [{ role: 'user', content: [{ type: 'audio' }] }] },
      'field "messages[0].content[0]": should be a part of type text, image_url or image, but is of type audio',
    ],
    'an empty turn': [{ conversations: [{ from: 'human', value: '' }] }, 'field "conversations[0].value": is empty'],
    'two users in a row': [
      { messages: [user('a'), user('b')] },
      `field "messages[1]": the user speaks where it is the assistant's turn`,
    ],
    'an assistant who begins': [
      { messages: [system('s'), assistant('a')] },
      `field "messages[1]": the assistant speaks where it is the user's turn`,
    ],
    'no assistant': [{ messages: [user('a')] }, 'field "messages": no assistant speaks'],
    'no dialogue at all': [
      { text: 'a', id: 1 },
      'not a dialogue in any known format: it is an object with the fields text, id',
    ],
  };
  for (const [name, [row, why]] of Object.entries(cases)) {
    it(name, () => {
      const attempt = () => read(row);
      expect(attempt).toThrow(BadRowError);
      expect(attempt).toThrow(`f.jsonl:7: ${why}`);
    });
  }

  it('an unknown format lists the accepted ones', () => {
    try {
      read({ text: 'a' });
      expect.unreachable();
    } catch (error) {
      expect((error as BadRowError).advice).toMatch(/Accepted are:\n {2}OpenAI messages: .*\n.*ShareGPT[^]*Alpaca/);
    }
  });

  it('is left out and listed where a list is given', async () => {
    const paths = fileWith('a.csv', 'instruction,output\na,b\nc,\nd,e\n');
    await expect(collect(readChats({ paths }))).rejects.toThrow('a.csv:3: field "output": is empty');
    const badRows = new BadRows();
    expect(await collect(readChats({ paths, badRows }))).toHaveLength(2);
    expect(badRows.listed.map(({ place, field }) => [place.line, field])).toEqual([[3, 'output']]);
  });
});

describe.runIf(hasSharedData('instr-lima'))('real data', () => {
  const sets: Record<string, { chats: number; messages: number; bad: number }> = {
    'instr-alpaca-en-5k': { chats: 4998, messages: 9996, bad: 2 },
    'instr-alpaca-zh': { chats: 20_454, messages: 40_908, bad: 11 },
    'instr-lima': { chats: 1029, messages: 2164, bad: 0 },
    'instr-seed-user': { chats: 427, messages: 854, bad: 0 },
    'dialog-oasst-zh': { chats: 766, messages: 2764, bad: 0 },
  };
  for (const [folder, expected] of Object.entries(sets)) {
    it(`${folder} is read in full`, async () => {
      const badRows = new BadRows();
      const chats = await collect(readChats({ paths: sharedPath(folder), badRows }));
      const messages = chats.reduce((sum, chat) => sum + chat.messages.length, 0);
      expect({ chats: chats.length, messages, bad: badRows.count }).toEqual(expected);
    });
  }
});
