import type { Message } from '../tokenizer/chat.js';
import { BadRowError, orSkip, placeOf, type Place } from './bad-rows.js';
import { nameOf, type JsonObject } from './json.js';
import {
  alternate,
  optionalText,
  parseCell,
  readInstruction,
  readMessages,
  requireArray,
  requireText,
  requireTurns,
} from './messages.js';
import type { Row } from './sources/row.js';
import { readRows, type RowOptions } from './sources/rows.js';

/** A dialogue, with where it was read. */
export interface Chat extends Place {
  readonly messages: readonly Message[];
}

interface ChatFormat {
  readonly name: string;
  /** What a row looks like, for messages and help. */
  readonly shape: string;
  readonly matches: (row: JsonObject) => boolean;
  /** The dialogues of a row, and the field that they came from. */
  readonly read: (row: JsonObject, place: Place) => { field: string; dialogues: Message[][] };
}

/** Every row is read by the first of these that it matches. */
export const chatFormats: readonly ChatFormat[] = [
  {
    name: 'OpenAI messages',
    shape: '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}',
    matches: (row) => row['messages'] !== undefined,
    read: (row, place) => ({ field: 'messages', dialogues: [readMessages(row['messages'], 'messages', place)] }),
  },
  {
    name: 'ShareGPT, or LIMA',
    shape: '{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}, or ["…", "…"]',
    matches: (row) => conversationField(row) !== undefined,
    read: (row, place) => {
      const field = conversationField(row) ?? 'conversations';
      const turns = requireArray(row[field], field, place);
      const system = optionalText(row['system'], 'system', place);
      const messages =
        typeof turns[0] === 'string' ? alternate(turns, field, place) : readMessages(turns, field, place);
      if (system !== undefined && messages[0]?.role !== 'system') messages.unshift({ role: 'system', content: system });
      return { field, dialogues: [messages] };
    },
  },
  {
    name: 'Self-Instruct',
    shape: '{"instruction": "…", "instances": [{"input": "…", "output": "…"}]}',
    matches: (row) => row['instances'] !== undefined,
    read: (row, place) => ({
      field: 'instances',
      dialogues: requireArray(row['instances'], 'instances', place).map((instance, index) => {
        const { input, output } = (instance ?? {}) as JsonObject;
        const content = requireText(output, `instances[${index}].output`, place);
        return [...readInstruction({ ...row, input }, place), { role: 'assistant', content }];
      }),
    }),
  },
  {
    name: 'Alpaca',
    shape:
      '{"instruction": "…", "input": "…", "output": "…", "history": [["…", "…"]]}; input and history may be missing',
    matches: (row) => row['instruction'] !== undefined,
    read: (row, place) => {
      const content = requireText(row['output'], 'output', place);
      return { field: 'history', dialogues: [[...readInstruction(row, place), { role: 'assistant', content }]] };
    },
  },
  {
    name: 'prompt and completion',
    shape: '{"prompt": "…", "completion": "…"}; prompt or question, completion, response or answer',
    matches: (row) => promptFields(row) !== undefined,
    read: (row, place) => {
      const [prompt, completion] = promptFields(row) ?? ['prompt', 'completion'];
      const content = requireText(row[completion], completion, place);
      return { field: prompt, dialogues: [[...readInstruction(row, place, prompt), { role: 'assistant', content }]] };
    },
  },
];

function conversationField(row: JsonObject): string | undefined {
  return ['conversations', 'conversation'].find((field) => Array.isArray(parseCell(row[field])));
}

function promptFields(row: JsonObject): [string, string] | undefined {
  const prompt = ['prompt', 'question'].find((field) => typeof row[field] === 'string');
  const completion = ['completion', 'response', 'answer'].find((field) => typeof row[field] === 'string');
  return prompt === undefined || completion === undefined ? undefined : [prompt, completion];
}

/** The dialogues of one row, whatever the format. */
export function readChatRow(row: Row): Chat[] {
  const { value } = row;
  const place = placeOf(row);
  const format = chatFormats.find(({ matches }) => matches(value));
  if (format === undefined) {
    throw new BadRowError(place, {
      why: `not a dialogue in any known format: it is ${nameOf(value)}`,
      advice: ['Accepted are:', ...chatFormats.map(({ name, shape }) => `  ${name}: ${shape}`)].join('\n'),
    });
  }
  const { field, dialogues } = format.read(value, place);
  return dialogues.map((messages) => {
    requireTurns(messages, field, place, 'an answer');
    return { messages, ...place };
  });
}

/**
 * Streams dialogues from JSONL, JSON, CSV, TSV and Parquet files in any of `chatFormats`, and from ChatterBot's corpus.
 *
 * @throws BadRowError for a row that is no dialogue, unless `badRows` is given
 */
export async function* readChats(options: RowOptions): AsyncGenerator<Chat> {
  for await (const row of readRows(options)) {
    yield* orSkip(options.badRows, () => readChatRow(row)) ?? [];
  }
}
