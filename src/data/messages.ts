import type { Message, MessageImage } from '../tokenizer/chat.js';
import { BadRowError, type Place } from './bad-rows.js';
import { isObject, nameOf, type Json, type JsonObject } from './json.js';

/** The names that data sets use for who speaks. */
const roles: Record<string, Message['role']> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  prompter: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bard: 'assistant',
  bing: 'assistant',
  model: 'assistant',
  bot: 'assistant',
};

/** A field that must be text, but may be empty. */
export function requireString(value: unknown, field: string, place: Place): string {
  if (typeof value === 'string') return value;
  throw new BadRowError(place, { field, why: `should be text, but is ${nameOf(value)}` });
}

/** A field that must be a text with something in it. */
export function requireText(value: unknown, field: string, place: Place): string {
  const text = requireString(value, field, place);
  if (text.trim() !== '') return text;
  throw new BadRowError(place, { field, why: text === '' ? 'is empty' : 'is only white space' });
}

/** A field that may be missing, null or empty. */
export function optionalText(value: unknown, field: string, place: Place): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = requireString(value, field, place);
  return text.trim() === '' ? undefined : text;
}

/** A field that must be an array; a string (as in a CSV cell) is read as JSON first. */
export function requireArray(value: unknown, field: string, place: Place): readonly unknown[] {
  const parsed = parseCell(value);
  if (!Array.isArray(parsed)) {
    throw new BadRowError(place, { field, why: `should be an array, but is ${nameOf(parsed)}` });
  }
  if (parsed.length === 0) throw new BadRowError(place, { field, why: 'is an empty array' });
  return parsed as readonly unknown[];
}

/** What a table's cell holds: JSON where it looks like an array or object, otherwise the value itself. */
export function parseCell(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Messages as OpenAI writes them (`role`, `content`) or as ShareGPT does (`from`, `value`). */
export function readMessages(value: unknown, field: string, place: Place): Message[] {
  return requireArray(value, field, place).map((item, index) => {
    const at = `${field}[${index}]`;
    if (!isObject(item))
      throw new BadRowError(place, { field: at, why: `should be a message, but is ${nameOf(item)}` });
    const keys = 'role' in item || !('from' in item) ? (['role', 'content'] as const) : (['from', 'value'] as const);
    const role = readRole(item[keys[0]], `${at}.${keys[0]}`, place);
    const content = readContent(item[keys[1]], `${at}.${keys[1]}`, place);
    if (role === 'user' || content.images === undefined) return { role, ...content };
    throw new BadRowError(place, { field: at, why: `the ${role} shows an image, and only the user can` });
  });
}

function readRole(value: unknown, field: string, place: Place): Message['role'] {
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  if (Object.hasOwn(roles, name)) return roles[name]!;
  throw new BadRowError(place, {
    field,
    why: `should say who speaks (${Object.keys(roles).join(', ')}), but is ${nameOf(value)}`,
  });
}

/** Text, or OpenAI's list of parts: texts and images. */
function readContent(value: unknown, field: string, place: Place): Pick<Message, 'content' | 'images'> {
  if (!Array.isArray(value)) return { content: requireText(value, field, place) };
  let content = '';
  const images: MessageImage[] = [];
  value.forEach((part: unknown, index) => {
    if (isObject(part) && typeof part['text'] === 'string') {
      content += part['text'];
      return;
    }
    const url = isObject(part) ? urlOf(part) : undefined;
    if (url === undefined) {
      throw new BadRowError(place, { field: `${field}[${index}]`, why: `should be ${whyNoPart(part)}` });
    }
    images.push({ at: content.length, url });
  });
  if (images.length === 0) return { content: requireText(content, field, place) };
  return { content, images };
}

function whyNoPart(part: unknown): string {
  const type = isObject(part) ? part['type'] : undefined;
  if (type === 'image_url') return 'an image_url part with its url, but has none';
  if (type === 'image') return 'an image part with its path, but has none';
  const is = typeof type === 'string' ? `of type ${type}` : nameOf(part);
  return `a part of type text, image_url or image, but is ${is}`;
}

/** Where the image of a part is: {"type": "image_url", "image_url": {"url": "…"}}, or {"type": "image", "path": "…"}. */
function urlOf(part: JsonObject): string | undefined {
  const { image_url: inside, path } = part;
  const url = isObject(inside) ? inside['url'] : (inside ?? path);
  return typeof url === 'string' && url !== '' ? url : undefined;
}

/** The content of a message as `readMessages` takes it: text, or parts where there are images that lie somewhere. */
export function contentOf({ content, images = [] }: Message): Json {
  if (images.length === 0) return content;
  const parts: Json[] = [];
  const addText = (from: number, to: number): void => {
    if (to > from) parts.push({ type: 'text', text: content.slice(from, to) });
  };
  let from = 0;
  for (const { at, url = '' } of images) {
    addText(from, at);
    parts.push({ type: 'image_url', image_url: { url } });
    from = at;
  }
  addText(from, content.length);
  return parts;
}

/** Turns `[question, answer, question, ...]` into messages. */
export function alternate(texts: readonly unknown[], field: string, place: Place): Message[] {
  return texts.map((text, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: requireText(text, `${field}[${index}]`, place),
  }));
}

/**
 * Alpaca's fields: an instruction, perhaps with an input below it, perhaps after earlier turns (`history`, pairs of
 * question and answer) and a `system` text.
 */
export function readInstruction(row: JsonObject, place: Place, field = 'instruction'): Message[] {
  const messages: Message[] = [];
  const system = optionalText(row['system'], 'system', place);
  if (system !== undefined) messages.push({ role: 'system', content: system });
  const history = parseCell(row['history']) ?? [];
  if (!Array.isArray(history)) {
    throw new BadRowError(place, { field: 'history', why: `should be an array of pairs, but is ${nameOf(history)}` });
  }
  history.forEach((pair: unknown, index) => {
    const at = `history[${index}]`;
    if (!Array.isArray(pair) || pair.length !== 2) {
      const why = `should be a question and its answer, but is ${nameOf(pair)}`;
      throw new BadRowError(place, { field: at, why });
    }
    messages.push(...alternate(pair, at, place));
  });
  const instruction = requireText(row[field], field, place);
  const input = optionalText(row['input'], 'input', place);
  messages.push({ role: 'user', content: input === undefined ? instruction : `${instruction}\n\n${input}` });
  return messages;
}

/**
 * The order that a chat template can write: an optional system message, then user and assistant in turn, the user
 * first. `until` says who must speak last, or that an assistant must speak at all.
 */
export function requireTurns(
  messages: readonly Message[],
  field: string,
  place: Place,
  until: 'assistant' | 'user' | 'an answer',
): void {
  const turns = messages[0]?.role === 'system' ? messages.slice(1) : messages;
  const offset = messages.length - turns.length;
  turns.forEach(({ role }, index) => {
    const expected = index % 2 === 0 ? 'user' : 'assistant';
    if (role === expected) return;
    throw new BadRowError(place, {
      field: `${field}[${index + offset}]`,
      why: `the ${role} speaks where it is the ${expected}'s turn (user and assistant alternate, the user begins)`,
    });
  });
  if (until === 'an answer' ? turns.length >= 2 : turns[turns.length - 1]?.role === until) return;
  const why =
    until === 'an answer'
      ? 'no assistant speaks, so there is nothing to learn'
      : `the last to speak must be the ${until}`;
  throw new BadRowError(place, { field, why });
}
