import { DataError } from '../errors.js';
import type { Message } from '../tokenizer/chat.js';

export interface RecentTurnsOptions<Encoded extends { readonly ids: Int32Array }> {
  messages: readonly Message[];
  /** Tokens of a chat, with what opens the answer; `encodeChat` behind a template, for one. */
  encode: (messages: readonly Message[]) => Encoded;
  /** Most tokens: the context less what the answer may take. */
  limit: number;
}

export interface RecentTurns<Encoded> {
  /** The messages that fit. */
  readonly messages: readonly Message[];
  readonly encoded: Encoded;
  /** How many messages were left out. */
  readonly dropped: number;
}

/**
 * The latest turns of a chat that fit into the model's context: whole turns are left out, the oldest first, and never a
 * system message at the beginning or the last turn. A turn is a user's message and what follows it.
 *
 * @throws DataError when the last turn alone is too long
 */
export function recentTurns<Encoded extends { readonly ids: Int32Array }>({
  messages,
  encode,
  limit,
}: RecentTurnsOptions<Encoded>): RecentTurns<Encoded> {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const system = first < 0 ? messages : messages.slice(0, first);
  const starts = [...messages.keys()].filter((index) => index >= first && messages[index]!.role === 'user');
  // Before the first user's message there may be an assistant's greeting: a turn as well.
  const cuts = [...new Set([system.length, ...starts])];
  let tokens = 0;
  for (const cut of cuts) {
    const kept = [...system, ...messages.slice(cut)];
    const encoded = encode(kept);
    if (encoded.ids.length <= limit) return { messages: kept, encoded, dropped: messages.length - kept.length };
    tokens = encoded.ids.length;
  }
  throw new DataError(`the last message makes a chat of ${tokens} tokens; there is room for ${limit}`, {
    advice: 'shorten the message, or let the answer take fewer tokens (maxTokens)',
  });
}
