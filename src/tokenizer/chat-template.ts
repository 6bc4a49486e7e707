import { Template } from '@huggingface/jinja';
import { ConfigError, DataError } from '../errors.js';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
  /** What is shown with it, in the order of their places. */
  images?: readonly MessageImage[];
}

/** An image in a message. */
export interface MessageImage {
  /** Before which character of the content it stands. */
  readonly at: number;
  /** A file's path, or a data: URL; of an image that was read from somewhere. */
  readonly url?: string;
  /** Once it is read, and of the size that the model sees. */
  readonly pixels?: Pixels;
}

/** [channels, height, width], 0 to 255. */
export interface Pixels {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array;
}

export interface ChatTemplateOptions {
  /** Jinja, as in `chat_template` of a tokenizer_config.json. Default DEFAULT_CHAT_TEMPLATE. */
  source?: string;
  /** What the template may name beside the messages: `bos_token`, `eos_token`, … */
  variables?: Readonly<Record<string, string>>;
}

export interface RenderOptions {
  /** End with what opens an assistant's turn, for the model to go on from. Default false. */
  addGenerationPrompt?: boolean;
}

/** A stretch of a rendered chat. */
export interface ChatSegment {
  text: string;
  /** The template's own text, which may spell control tokens, or a message's, which may not. */
  from: 'template' | 'message';
  /** Whether it is for the assistant to write: its content, and what ends its turn. */
  isAssistants: boolean;
  /** Of a message's text: which message. */
  message?: number;
}

/** `<|user|>Hello<|end|><|assistant|>Hi!<|end|>`: nothing between the control tokens but what was said. */
export const DEFAULT_CHAT_TEMPLATE = `{%- for message in messages -%}
{%- if message['role'] == 'assistant' -%}
<|assistant|>{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}
{%- elif message['role'] == 'user' -%}
<|user|>{{ message['content'] }}<|end|>
{%- elif message['role'] == 'system' -%}
<|system|>{{ message['content'] }}<|end|>
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}
`;

const MOST_MARKED = 100;
const ROLES: ReadonlySet<string> = new Set(['system', 'user', 'assistant']);

/** Marks inside a rendered text, from a private-use plane; a template that holds them itself is refused. */
const OPEN = '\u{F8F00}';
const CLOSE = '\u{F8F01}';
const BEGIN_ASSISTANT = '\u{F8F02}';
const END_ASSISTANT = '\u{F8F03}';
const anyMark = /[\u{F8F00}-\u{F8F03}]/u;
const markedPart = /\u{F8F00}(\d+)\u{F8F01}|[\u{F8F02}\u{F8F03}]/gu;
const generationTag = /\{%(-?)\s*(end)?generation\s*(-?)%\}/g;

/** A stretch of the marked rendering: template text, a place where a message stands, or a mark of generation. */
interface Part {
  kind: 'template' | 'message' | 'begin' | 'end';
  /** Which message. */
  index: number;
  /** Where it lies in the marked rendering. */
  start: number;
  end: number;
  /** Its text in the real rendering. */
  text: string;
}

interface Range {
  start: number;
  end: number;
}

/**
 * A chat template that knows where each character of its output is from.
 *
 * Nothing is ever searched for in a message. A first rendering has a mark in place of each message, so that what a
 * user wrote is not in it at all; a second, of the messages themselves, shows how the template trims them. The two
 * have to agree, otherwise the chat is refused.
 */
export class ChatTemplate {
  readonly source: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly #template: Template;
  readonly #marksGeneration: boolean;
  /** Marked renderings of the last few sequences of roles: they do not depend on what is said. */
  readonly #marked = new Map<string, string>();

  /** Throws ConfigError when the template is not valid jinja. */
  constructor(options: ChatTemplateOptions = {}) {
    this.source = options.source ?? DEFAULT_CHAT_TEMPLATE;
    this.variables = options.variables ?? {};
    if ([this.source, ...Object.values(this.variables)].some((text) => anyMark.test(text))) {
      throw new ConfigError('The chat template uses a character of U+F8F00 to U+F8F03, which mark messages here.', {
        advice: 'Remove these private-use characters from the template.',
      });
    }
    this.#marksGeneration = this.source.search(generationTag) >= 0;
    this.#template = parse(this.source.replace(generationTag, markGeneration));
  }

  /** The chat as one text, for people to read and to compare with other tools; encode with `encodeChat`. */
  render(messages: readonly Message[], options: RenderOptions = {}): string {
    return this.segments(messages, options)
      .map((segment) => segment.text)
      .join('');
  }

  /**
   * The chat in stretches of known origin.
   *
   * The assistant's are those between `{% generation %}` and `{% endgeneration %}`. For a template without these
   * tags: from where the prompt for its turn ends through the first text that `controlPattern` finds after its
   * content, the token that ends the turn.
   *
   * Throws DataError for a chat that the template refuses, or whose messages it edits beyond trimming them.
   */
  segments(messages: readonly Message[], options: RenderOptions & { controlPattern?: RegExp } = {}): ChatSegment[] {
    checkMessages(messages);
    const prompt = options.addGenerationPrompt ?? false;
    // The default template places every message as it is; any other one has to show what it does to each.
    const plain = this.source === DEFAULT_CHAT_TEMPLATE ? undefined : this.#render(messages, prompt);
    // A template may ask whether a message is empty, so that a mark in its place would change what it does.
    const ways = messages.some(({ content }) => content === '') ? [markAll, markFilled] : [markAll];
    let problem = '';
    for (const mark of ways) {
      const marked = this.#renderMarked(mark(messages), prompt);
      const parts = splitMarked(marked);
      problem = plain === undefined ? fillInAsTheyAre(parts, messages) : fillInMessages(parts, plain, messages);
      if (problem) continue;
      const ranges = this.#marksGeneration
        ? generationRanges(parts)
        : this.#turnRanges(marked, parts, mark(messages), options.controlPattern);
      return toSegments(parts, ranges);
    }
    throw new DataError(`The chat template does more than place and trim the messages: ${problem}.`, {
      advice: 'User text and control tokens could not be told apart with safety. Use a simpler template.',
    });
  }

  #renderMarked(messages: readonly Message[], addGenerationPrompt: boolean): string {
    const key = `${messages.map(({ role, content }) => `${role}${content === '' ? '-' : '+'}`).join()}${addGenerationPrompt ? '>' : ''}`;
    let marked = this.#marked.get(key);
    if (marked === undefined) {
      marked = this.#render(messages, addGenerationPrompt);
      if (this.#marked.size >= MOST_MARKED) this.#marked.clear();
      this.#marked.set(key, marked);
    }
    return marked;
  }

  #render(messages: readonly Message[], addGenerationPrompt: boolean): string {
    try {
      return this.#template.render({
        ...this.variables,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DataError(`The chat template refuses these messages: ${reason}`, {
        advice: `The roles are, in order: ${messages.map((message) => message.role).join(', ')}.`,
        cause: error,
      });
    }
  }

  /** The assistant's turns as ranges of the marked rendering, for a template that does not mark them. */
  #turnRanges(marked: string, parts: readonly Part[], messages: readonly Message[], control?: RegExp): Range[] {
    const ranges: Range[] = [];
    for (const [index, message] of messages.entries()) {
      const content = parts.find((part) => part.kind === 'message' && part.index === index);
      if (message.role !== 'assistant' || !content) continue;
      const promptEnd = this.#commonLength(marked, messages.slice(0, index), true);
      const start = promptEnd === undefined || promptEnd > content.start ? content.start : promptEnd;
      ranges.push({ start, end: this.#turnEnd(marked, parts, messages.slice(0, index + 1), content, control) });
    }
    return ranges;
  }

  #turnEnd(
    marked: string,
    parts: readonly Part[],
    messages: readonly Message[],
    content: Part,
    control: RegExp | undefined,
  ): number {
    const following = parts.find((part) => part.start === content.end && part.kind === 'template');
    const match = following && control ? firstMatch(control, following.text) : undefined;
    if (following && match) return following.start + match.index + match[0].length;
    const end = this.#commonLength(marked, messages, false);
    return end === undefined || end < content.end ? content.end : end;
  }

  /** Length of the first messages' rendering, when the whole begins with it. The messages are marks. */
  #commonLength(marked: string, messages: readonly Message[], addGenerationPrompt: boolean): number | undefined {
    try {
      const beginning = this.#render(messages, addGenerationPrompt);
      return marked.startsWith(beginning) ? beginning.length : undefined;
    } catch {
      // Some templates refuse a chat that is not complete; then the message itself is the border.
      return undefined;
    }
  }
}

function parse(source: string): Template {
  try {
    return new Template(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The chat template is not valid jinja: ${reason}`, {
      advice: 'See chat_template in tokenizer_config.json.',
      cause: error,
    });
  }
}

/** The tag becomes a block that writes a mark, so that jinja's rules for spaces around blocks still hold. */
const markGeneration = (_tag: string, trimBefore: string, end: string | undefined, trimAfter: string): string =>
  `{%${trimBefore} if true %}${end ? END_ASSISTANT : BEGIN_ASSISTANT}{% endif ${trimAfter}%}`;

/** The same template without `{% generation %}`, which not every reader of templates knows. */
export const plainTemplate = (source: string): string =>
  source.replace(generationTag, (_tag, trimBefore: string, _end, trimAfter: string) => {
    return `{%${trimBefore} if true %}{% endif ${trimAfter}%}`;
  });

function checkMessages(messages: readonly Message[]): void {
  for (const [index, message] of messages.entries()) {
    const where = `messages[${String(index)}]`;
    if (!ROLES.has(message.role)) {
      throw new DataError(`${where}.role is ${JSON.stringify(message.role)}.`, {
        advice: 'A role is system, user or assistant.',
      });
    }
    if (typeof message.content !== 'string') {
      throw new DataError(`${where}.content is not a text.`, {
        advice: 'Give every message a content, or leave it out.',
      });
    }
  }
}

function splitMarked(marked: string): Part[] {
  const parts: Part[] = [];
  let position = 0;
  const add = (kind: Part['kind'], end: number, index: number) => {
    if (end > position) parts.push({ kind, index, start: position, end, text: marked.slice(position, end) });
    position = end;
  };
  for (const match of marked.matchAll(markedPart)) {
    add('template', match.index, -1);
    const kind = match[0] === BEGIN_ASSISTANT ? 'begin' : match[0] === END_ASSISTANT ? 'end' : 'message';
    add(kind, match.index + match[0].length, Number(match[1] ?? -1));
  }
  add('template', marked.length, -1);
  return parts;
}

/** The same chat with a mark in place of each content. */
function markAll(messages: readonly Message[]): Message[] {
  return messages.map(({ role }, index) => ({ role, content: `${OPEN}${index}${CLOSE}` }));
}

/** The same, but empty contents stay empty. */
function markFilled(messages: readonly Message[]): Message[] {
  return markAll(messages).map((marked, index) => (messages[index]?.content === '' ? messages[index] : marked));
}

/** Finds out how the template wrote each message: as it is, or trimmed. Says what is wrong when neither fits. */
function fillInMessages(parts: Part[], plain: string, messages: readonly Message[]): string {
  let position = 0;
  for (const [place, part] of parts.entries()) {
    if (part.kind === 'message') {
      const content = messages[part.index]?.content ?? '';
      const next = parts[place + 1];
      const fits = (text: string) => {
        const end = position + text.length;
        if (!plain.startsWith(text, position)) return false;
        return next ? next.kind === 'message' || plain.startsWith(next.text, end) : end === plain.length;
      };
      const text = [content, content.trim(), content.trimEnd(), content.trimStart()].find(fits);
      if (text === undefined) return `it edits messages[${part.index}]`;
      part.text = text;
    } else if (!plain.startsWith(part.text, position)) {
      return 'what it writes depends on what a message says';
    }
    position += part.text.length;
  }
  return position === plain.length ? '' : 'what it writes depends on what a message says';
}

/** For a template that changes nothing. */
function fillInAsTheyAre(parts: readonly Part[], messages: readonly Message[]): '' {
  for (const part of parts) if (part.kind === 'message') part.text = messages[part.index]!.content;
  return '';
}

function generationRanges(parts: readonly Part[]): Range[] {
  const ranges: Range[] = [];
  let start = -1;
  for (const part of parts) {
    if (part.kind === 'begin') start = part.end;
    if (part.kind === 'end' && start >= 0) {
      ranges.push({ start, end: part.start });
      start = -1;
    }
  }
  return ranges;
}

function toSegments(parts: readonly Part[], ranges: readonly Range[]): ChatSegment[] {
  const segments: ChatSegment[] = [];
  for (const part of parts) {
    if (part.kind === 'message') {
      const isAssistants = ranges.some((range) => range.start <= part.start && part.end <= range.end);
      segments.push({ text: part.text, from: 'message', isAssistants, message: part.index });
    } else if (part.kind === 'template') {
      const inside = ranges.flatMap(({ start, end }) => [start, end]).filter((at) => at > part.start && at < part.end);
      const borders = [part.start, ...inside.sort((a, b) => a - b), part.end];
      for (let index = 0; index + 1 < borders.length; index++) {
        const start = borders[index] ?? 0;
        const text = part.text.slice(start - part.start, (borders[index + 1] ?? 0) - part.start);
        const isAssistants = ranges.some((range) => range.start <= start && start < range.end);
        if (text) segments.push({ text, from: 'template', isAssistants });
      }
    }
  }
  return segments;
}

function firstMatch(pattern: RegExp, text: string): (RegExpMatchArray & { index: number }) | undefined {
  for (const match of text.matchAll(pattern)) return match;
  return undefined;
}
