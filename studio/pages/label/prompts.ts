import type { ChatMessage } from '../../lib/completions.js';

export interface ReadPrompts {
  readonly prompts: readonly (readonly Pick<ChatMessage, 'role' | 'content'>[])[];
  /** The first line that is none. */
  readonly bad?: number;
}

/** Prompts as they are pasted: a line each, or rows of JSON with `messages` or `prompt`. An answer at the end is dropped. */
export function readPrompts(text: string): ReadPrompts {
  const prompts: (readonly Pick<ChatMessage, 'role' | 'content'>[])[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (!line.trimStart().startsWith('{')) {
      prompts.push([{ role: 'user', content: line.trim() }]);
      continue;
    }
    const messages = messagesOf(line);
    if (messages === undefined) return { prompts, bad: index + 1 };
    prompts.push(messages);
  }
  return { prompts };
}

const roles: readonly unknown[] = ['system', 'user', 'assistant'];

function messagesOf(line: string): readonly Pick<ChatMessage, 'role' | 'content'>[] | undefined {
  try {
    const row = JSON.parse(line) as { readonly messages?: unknown; readonly prompt?: unknown };
    if (typeof row.prompt === 'string') return [{ role: 'user', content: row.prompt }];
    const given = row.messages ?? row.prompt;
    if (!Array.isArray(given)) return undefined;
    const messages = (given as Partial<ChatMessage>[]).map(({ role, content }) => ({ role, content }));
    if (messages.at(-1)?.role === 'assistant') messages.pop();
    const isGood = messages.every(({ role, content }) => roles.includes(role) && typeof content === 'string');
    if (!isGood || messages.at(-1)?.role !== 'user') return undefined;
    return messages as Pick<ChatMessage, 'role' | 'content'>[];
  } catch {
    return undefined;
  }
}
