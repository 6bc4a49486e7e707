import { ConfigError, DataError } from '../errors.js';
import type { ChatTemplate, Message, MessageImage, Pixels, RenderOptions } from './chat-template.js';
import { IMAGE_TOKEN, literalPattern } from './control-tokens.js';
import type { Tokenizer } from './tokenizer.js';

export { ChatTemplate, DEFAULT_CHAT_TEMPLATE } from './chat-template.js';
export type { Message, MessageImage, Pixels } from './chat-template.js';

export interface EncodedChat {
  ids: Int32Array;
  /** 1 on the tokens that the assistant is to write, the one that ends its turn included; as long as `ids`. */
  loss: Uint8Array;
  /** Those that the image tokens among the ids keep places for. */
  images?: readonly Pixels[];
}

export interface EncodeOptions extends RenderOptions {
  /** How many image tokens stand for an image, to a model that sees; to any other an image is an error. */
  imageTokens?: number;
}

/** What a template writes as `<|name|>` is meant as a control token. */
const controlLike = /<\|[^<>|\s]+\|>/u;

/**
 * A chat → ids, with the template's control tokens. A message's text never becomes a control token, whatever it
 * spells. The tokens before an assistant's turn are the same as those of its prompt (`addGenerationPrompt`).
 *
 * An image becomes as many image tokens as the model sees of one, at its place in the message.
 *
 * Throws ConfigError when the template names a control token that the tokenizer has not, or there are images and the
 * model does not see; DataError for a chat that the template refuses.
 */
export function encodeChat(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: readonly Message[],
  options: EncodeOptions = {},
): EncodedChat {
  const pattern = literalPattern(tokenizer.controlTokens.keys());
  const ids: number[] = [];
  const loss: number[] = [];
  let waiting = '';
  let isWaitingAssistants = false;
  const images: Pixels[] = [];
  const write = (tokens: ArrayLike<number>, isAssistants: boolean) => {
    for (let index = 0; index < tokens.length; index++) {
      ids.push(tokens[index] as number);
      loss.push(isAssistants ? 1 : 0);
    }
  };
  const flush = () => {
    if (waiting) write(tokenizer.encode(waiting), isWaitingAssistants);
    waiting = '';
  };
  // Neighbouring texts are encoded together, as one text, except where the assistant begins to write.
  const writeText = (text: string, isAssistants: boolean) => {
    if (isAssistants !== isWaitingAssistants) flush();
    isWaitingAssistants = isAssistants;
    waiting += text;
  };

  for (const segment of template.segments(messages, { ...options, ...(pattern && { controlPattern: pattern }) })) {
    if (segment.from === 'message') {
      let from = 0;
      for (const { at, image } of imagesWithin(segment.text, messages[segment.message!]!)) {
        writeText(segment.text.slice(from, at), segment.isAssistants);
        flush();
        write(placesFor(tokenizer, options.imageTokens), false);
        images.push(pixelsOf(image));
        from = at;
      }
      writeText(segment.text.slice(from), segment.isAssistants);
      continue;
    }
    for (const { text, control } of splitControls(segment.text, pattern)) {
      if (control) {
        flush();
        write([tokenizer.idOf(text)], segment.isAssistants);
      } else {
        checkPlain(text);
        writeText(text, segment.isAssistants);
      }
    }
  }
  flush();
  const shown = messages.reduce((sum, { images: own = [] }) => sum + own.length, 0);
  if (shown !== images.length || (shown > 0 && ids.at(-1) === tokenizer.idOf(IMAGE_TOKEN))) {
    throw new DataError('The chat template leaves images out, or ends with one', {
      advice: 'Say something beside the image, or use the default template.',
    });
  }
  return {
    ids: Int32Array.from(ids),
    loss: Uint8Array.from(loss),
    ...(images.length > 0 && { images }),
  };
}

/** The images of a message, and where they stand in its text, which the template may have trimmed. */
function imagesWithin(text: string, { content, images = [] }: Message): { at: number; image: MessageImage }[] {
  const trimmed = content.startsWith(text) ? 0 : content.length - content.trimStart().length;
  return images.map((image) => ({ at: Math.min(text.length, Math.max(0, image.at - trimmed)), image }));
}

function placesFor(tokenizer: Tokenizer, imageTokens: number | undefined): number[] {
  if (imageTokens !== undefined) return new Array<number>(imageTokens).fill(tokenizer.idOf(IMAGE_TOKEN));
  throw new ConfigError('There is an image in this chat, and the model has no eye', {
    advice: 'descent sft --eye <image model> gives a language model one.',
  });
}

function pixelsOf({ pixels, url }: MessageImage): Pixels {
  if (pixels !== undefined) return pixels;
  throw new DataError(`The image ${url ?? ''} in this chat was not read`, { advice: 'Read it first: withPixels.' });
}

/** The control token that ends an assistant's turn in this template; undefined when it ends in plain text. */
export function endOfTurn(tokenizer: Tokenizer, template: ChatTemplate): number | undefined {
  const { ids, loss } = encodeChat(tokenizer, template, [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
  ]);
  const controls = new Set(tokenizer.controlTokens.values());
  return ids.findLast((id, index) => loss[index] === 1 && controls.has(id));
}

function splitControls(text: string, pattern: RegExp | undefined): { text: string; control: boolean }[] {
  if (!pattern) return [{ text, control: false }];
  const parts: { text: string; control: boolean }[] = [];
  let start = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > start) parts.push({ text: text.slice(start, match.index), control: false });
    parts.push({ text: match[0], control: true });
    start = match.index + match[0].length;
  }
  if (start < text.length) parts.push({ text: text.slice(start), control: false });
  return parts;
}

function checkPlain(text: string): void {
  const match = controlLike.exec(text);
  if (!match) return;
  throw new ConfigError(`The chat template writes ${match[0]}, which is no control token of this tokenizer.`, {
    advice: `Add it with tokenizer.withControlTokens(['${match[0]}']) and give the model's embedding a row for it.`,
  });
}
