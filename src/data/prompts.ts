import type { Message } from '../tokenizer/chat.js';
import { type Place, BadRowError, orSkip, placeOf } from './bad-rows.js';
import { chatFormats, readChatRow } from './chats.js';
import { isObject, nameOf } from './json.js';
import { readMessages, readInstruction, parseCell, requireTurns } from './messages.js';
import { rankingFormats, readRankingRow } from './rankings.js';
import { type DataFile, listDataFiles, readText } from './sources/files.js';
import type { Row } from './sources/row.js';
import { type RowOptions, readRowsOf } from './sources/rows.js';

/** Something to answer: a dialogue that ends with the user. */
export interface Prompt extends Place {
  readonly messages: readonly Message[];
}

/**
 * Streams prompts: rankings and dialogues without their (last) answers, rows with `messages` or `prompt` alone, and text
 * files with one prompt a line.
 *
 * @throws BadRowError for a row that is no prompt, unless `badRows` is given
 */
export async function* readPrompts(options: RowOptions): AsyncGenerator<Prompt> {
  for (const file of await listDataFiles(options.paths)) {
    if (file.kind === 'text') {
      yield* readPromptLines(file, options.signal);
      continue;
    }
    for await (const row of readRowsOf(file, options)) {
      const prompt = orSkip(options.badRows, () => readPromptRow(row));
      if (prompt !== undefined) yield prompt;
    }
  }
}

async function* readPromptLines(file: DataFile, signal?: AbortSignal): AsyncGenerator<Prompt> {
  let line = 0;
  let held = '';
  const prompt = (text: string): Prompt[] =>
    text.trim() === '' ? [] : [{ messages: [{ role: 'user', content: text.trim() }], file: file.path, line }];
  for await (const chunk of readText(file, signal)) {
    const lines = (held + chunk).split('\n');
    held = lines.pop() ?? '';
    for (const text of lines) {
      line++;
      yield* prompt(text);
    }
  }
  line++;
  yield* prompt(held);
}

function readPromptRow(row: Row): Prompt {
  const { value } = row;
  const place = placeOf(row);
  if (rankingFormats.some(({ matches }) => matches(value))) {
    return { messages: readRankingRow(row).messages, ...place };
  }
  const field = ['messages', 'prompt', 'instruction', 'question'].find((name) => value[name] !== undefined);
  if (field !== undefined && !isAnswered(row)) {
    const given = parseCell(value[field]);
    const messages =
      Array.isArray(given) && given.every(isObject)
        ? readMessages(given, field, place)
        : readInstruction(value, place, field);
    requireTurns(messages, field, place, 'user');
    return { messages, ...place };
  }
  if (!chatFormats.some(({ matches }) => matches(value))) {
    const why = `not a prompt in any known format: it is ${nameOf(value)}`;
    throw new BadRowError(place, { why, advice: 'Give rankings, dialogues, or rows with "messages" or "prompt".' });
  }
  const [chat] = readChatRow(row);
  const { messages } = chat!;
  return { messages: messages.at(-1)?.role === 'assistant' ? messages.slice(0, -1) : messages, ...place };
}

/** Whether a row is a dialogue with an answer in it. */
function isAnswered({ value }: Row): boolean {
  if (value['messages'] === undefined) return chatFormats.some(({ matches }) => matches(value));
  const messages = parseCell(value['messages']);
  const last: unknown = Array.isArray(messages) ? messages[messages.length - 1] : undefined;
  return isObject(last) && last['role'] === 'assistant';
}
