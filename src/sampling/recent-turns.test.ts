import { describe, expect, it } from 'vitest';
import type { Message } from '../tokenizer/chat.js';
import { recentTurns } from './recent-turns.js';

const message = (text: string): Message => ({
  role: text.startsWith('s') ? 'system' : text.startsWith('u') ? 'user' : 'assistant',
  content: text,
});
const chat = ['s1', 'a0', 'u1', 'a1', 'u2', 'a2', 'u3'].map(message);
/** A token a character, and one for the answer's opening. */
const encode = (messages: readonly Message[]) => ({
  ids: new Int32Array(messages.reduce((total, { content }) => total + content.length, 1)),
});
const fit = (limit: number, messages = chat) => {
  const result = recentTurns({ messages, encode, limit });
  return result.messages.map(({ content }) => content).join(' ');
};

describe('recentTurns', () => {
  it('keeps all that fits', () => {
    expect(recentTurns({ messages: chat, encode, limit: 15 })).toMatchObject({ messages: chat, dropped: 0 });
  });

  it('leaves out whole turns, the oldest first, and never the system message', () => {
    expect(fit(14)).toBe('s1 u1 a1 u2 a2 u3');
    expect(fit(12)).toBe('s1 u2 a2 u3');
    expect(fit(8)).toBe('s1 u3');
    expect(recentTurns({ messages: chat, encode, limit: 8 }).dropped).toBe(5);
    expect(fit(3, [message('u1'), message('a1'), message('u2')])).toBe('u2');
  });

  it('says when the last turn alone is too long', () => {
    expect(() => fit(4)).toThrow(/5 tokens; there is room for 4/);
  });
});
