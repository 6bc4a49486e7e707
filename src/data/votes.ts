import type { Message } from '../tokenizer/chat.js';
import { BadRowError, orSkip, placeOf, type Place } from './bad-rows.js';
import { nameOf, type JsonObject } from './json.js';
import { parseCell, readMessages, requireString, requireTurns } from './messages.js';
import { readPrompt } from './rankings.js';
import type { Row } from './sources/row.js';
import { readRows, type RowOptions } from './sources/rows.js';

/** An answer that somebody liked or did not: a thumb up or down, with no other answer to compare it with. */
export interface Vote extends Place {
  /** A dialogue that ends with the user. */
  readonly messages: readonly Message[];
  readonly answer: string;
  readonly liked: boolean;
}

/** What a row looks like, for messages and help. */
const voteShape =
  '{"prompt": "…", "answer": "…", "label": true}; or {"messages": […, {"role": "assistant", "content": "…"}], "label": true}';

/** Whether a row is a vote, and not a ranking. */
const isVote = (row: JsonObject): boolean => row['label'] !== undefined;

const answerFields = ['answer', 'completion', 'response', 'output'];

/** @throws BadRowError when the row is no vote */
export function readVoteRow(row: Row): Vote {
  const { value } = row;
  const place = placeOf(row);
  if (!isVote(value)) {
    throw new BadRowError(place, { field: 'label', why: 'is missing', advice: `A vote is ${voteShape}.` });
  }
  const liked = readLabel(value['label'], place);
  const field = answerFields.find((name) => value[name] !== undefined);
  if (field !== undefined) {
    const given = Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'output'));
    return { messages: readPrompt(given, place), answer: requireString(value[field], field, place), liked, ...place };
  }
  const name = Array.isArray(parseCell(value['messages'])) ? 'messages' : 'answer';
  if (name === 'answer') {
    throw new BadRowError(place, { field: name, why: 'is missing (completion, response or output would do)' });
  }
  const messages = readMessages(value['messages'], name, place);
  requireTurns(messages, name, place, 'assistant');
  return { messages: messages.slice(0, -1), answer: messages.at(-1)!.content, liked, ...place };
}

const labels = new Map<unknown, boolean>([
  ...[true, 1, 'true', '1', 'up', 'good'].map((label) => [label, true] as const),
  ...[false, 0, 'false', '0', 'down', 'bad', -1, '-1'].map((label) => [label, false] as const),
]);

function readLabel(value: unknown, place: Place): boolean {
  const liked = labels.get(typeof value === 'string' ? value.trim().toLowerCase() : value);
  if (liked !== undefined) return liked;
  throw new BadRowError(place, { field: 'label', why: `should be true or false, but is ${nameOf(value)}` });
}

/**
 * Streams votes from JSONL, JSON, CSV, TSV and Parquet files.
 *
 * @throws BadRowError for a row that is no vote, unless `badRows` is given
 */
export async function* readVotes(options: RowOptions): AsyncGenerator<Vote> {
  for await (const row of readRows(options)) {
    const vote = orSkip(options.badRows, () => readVoteRow(row));
    if (vote !== undefined) yield vote;
  }
}
