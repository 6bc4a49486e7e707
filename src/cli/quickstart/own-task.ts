import { BadRows } from '../../data/bad-rows.js';
import { readChats } from '../../data/chats.js';
import { defaultEnglish } from '../../data/default-english.js';
import { readRankings } from '../../data/rankings.js';
import { readDocuments } from '../../data/sources/documents.js';
import { ConfigError, DataError } from '../../errors.js';
import type { Ancestor } from '../../formats/lineage.js';
import type { Message } from '../../tokenizer/chat.js';
import type { GivenRanking, Task } from './task.js';

export interface OwnFiles {
  /** Text to pretrain on, files or folders; general English by default. */
  readonly data?: readonly string[];
  readonly chats?: readonly string[];
  readonly rankings?: readonly string[];
  /** Leave bad rows out instead of stopping at the first; they are counted and listed. */
  readonly skipBad?: boolean;
}

/** What the quickstart needs to know about one's own files before anything is trained. */
export interface OwnTask {
  readonly task: Task;
  /** What was left out, in words; empty when nothing was. */
  readonly notes: readonly string[];
}

/** The same pipeline over one's own text, chats and rankings. @throws DataError before any training starts */
export async function ownTask({ data, chats: chatPaths, rankings: rankingPaths, skipBad }: OwnFiles): Promise<OwnTask> {
  if (chatPaths === undefined) {
    throw new ConfigError('--chats is missing: without dialogues there is nothing to make an assistant from', {
      advice: 'Give --chats with a file of dialogues; to train a language model alone, use `descent train`.',
    });
  }
  const badRows = skipBad ? new BadRows() : undefined;
  const given = badRows ? { badRows } : {};
  const chats: Message[][] = [];
  for await (const { messages } of readChats({ paths: chatPaths, ...given })) chats.push([...messages]);
  if (chats.length < 2)
    throw new DataError(`${chatPaths.join(', ')}: ${chats.length} dialogue(s) are too few to learn from`, {
      advice: 'Give two or more: one is held out to measure on.',
    });
  const rankings: GivenRanking[] = [];
  if (rankingPaths !== undefined) {
    for await (const { messages, answers } of readRankings({ paths: rankingPaths, ...given })) {
      rankings.push({ messages, answers: answers.map(({ text, rank }) => ({ text, rank })) });
    }
  }
  const heldOut = Math.max(1, Math.min(200, Math.round(chats.length * 0.05)));
  const prompts = [...rankings, ...chats.map((messages) => ({ messages: upToLastAnswer(messages) }))]
    .map(({ messages }) => ({ messages }))
    .filter(({ messages }) => messages.at(-1)?.role === 'user');
  const origin = (paths: readonly string[] | undefined, what: string, size?: string): Ancestor => ({
    role: 'data',
    name: paths === undefined ? what : paths.join(', '),
    ...(size !== undefined && { size }),
  });
  const task: Task = {
    name: 'own data',
    documents: () => (data === undefined ? defaultEnglish() : readDocuments({ paths: data, ...given })),
    tokenizerText: function* () {
      for (const dialogue of chats) for (const { content } of dialogue) yield content;
    },
    chats: chats.slice(heldOut),
    heldOutChats: chats.slice(0, heldOut),
    rankings: rankingPaths === undefined ? undefined : { given: rankings },
    prompts,
    origins: {
      text: origin(data, 'general English (Brown corpus, Moby-Dick)'),
      chats: origin(chatPaths, 'chats', `${chats.length} dialogues`),
      rankings: origin(rankingPaths, 'rankings', `${rankings.length} rankings`),
      prompts: origin(rankingPaths ?? chatPaths, 'prompts', `${prompts.length} prompts`),
    },
  };
  return { task, notes: badRows === undefined || badRows.count === 0 ? [] : [badRows.toString()] };
}

/** A dialogue without its last answer. */
function upToLastAnswer(messages: readonly Message[]): readonly Message[] {
  return messages.at(-1)?.role === 'assistant' ? messages.slice(0, -1) : messages;
}
