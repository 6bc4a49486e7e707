import { type Interface, createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { type OnResize, imageName, readMessageImage } from '../data/message-images.js';
import { ConfigError, DataError, DescentError } from '../errors.js';
import { sightOf } from '../formats/model-eye.js';
import { type LoadedModel, loadModel } from '../formats/model-folder.js';
import type { Engine } from '../runtime/engine.js';
import type { Generator } from '../sampling/generator.js';
import type { SamplingOptions } from '../sampling/options.js';
import { type RecentTurns, recentTurns } from '../sampling/recent-turns.js';
import { type ChatTemplate, type EncodedChat, type Message, type MessageImage, endOfTurn } from '../tokenizer/chat.js';
import { encodePrompt, withGenerator } from './stages/answering.js';

export interface ChatLoopOptions {
  readonly engine: Engine;
  /** The model's folder. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly sampling?: Omit<SamplingOptions, 'stopTokens'>;
  readonly system?: string;
  /** Images that the first message shows: paths or data: URLs. */
  readonly images?: readonly string[];
  readonly input?: NodeJS.ReadableStream;
  readonly output?: NodeJS.WritableStream;
}

/** Fewest tokens that must be left for an answer. */
const LEAST_ROOM = 16;

/**
 * A conversation, one line a message; `/image <file>` shows an image with the message that follows it, there or on the next
 * line; /new starts over, /quit (or the end of the input) ends it, and Ctrl-C cuts an answer short or ends it. To a terminal answers stream behind a prompt; otherwise only the answers are written.
 *
 * @returns the conversation since the last /new
 */
export async function chatLoop(options: ChatLoopOptions): Promise<readonly Message[]> {
  const { engine, folder, signal, sampling = {}, system, input = process.stdin, output = process.stdout } = options;
  const loaded = await loadModel(folder);
  const { template, eye } = loaded;
  if (loaded.kind !== 'language-model' || template === undefined) {
    throw new ConfigError(`${folder} has not learnt to chat`, {
      advice: 'Fine-tune it on dialogues first: descent sft.',
    });
  }
  const isTerminal = 'isTTY' in input && (input as { isTTY?: boolean }).isTTY === true;
  const show = (text: string): void => {
    if (isTerminal) output.write(text);
  };
  const images = eye ? '/image <file> shows an image, ' : '';
  show(pc.dim(`\nSay something. ${images}/new starts over, /quit ends.\n`));
  const beginning: Message[] = system === undefined ? [] : [{ role: 'system', content: system }];
  let messages: readonly Message[] = beginning;
  let shown: readonly MessageImage[] = [];
  const look = async (url: string): Promise<void> => {
    const { image, resized } = await shownImage(loaded, url);
    shown = [...shown, image];
    if (resized === undefined) show(pc.dim(`(${imageName(url)})\n`));
    else output.write(pc.dim(`(${resized})\n`));
  };
  const looked = async (url: string): Promise<boolean> => {
    try {
      await look(url);
      return true;
    } catch (error) {
      if (!(error instanceof DescentError)) throw error;
      output.write(`${pc.yellow([error.message, error.advice].filter(Boolean).join(' '))}\n`);
      return false;
    }
  };
  for (const url of options.images ?? []) await look(url);
  await withGenerator({ engine }, loaded, async (generator) => {
    // Not before the model is there: lines that come before somebody listens are lost.
    const lines = createInterface({ input, output, terminal: isTerminal });
    const answering = interruptible(lines, signal);
    lines.setPrompt(isTerminal ? pc.cyan('you  ') : '');
    lines.prompt();
    for await (const line of lines) {
      const typed = line.trim();
      if (typed === '/quit' || typed === '/exit' || signal?.aborted) break;
      const [, quoted, word, rest] = imageCommand.exec(typed) ?? [];
      const url = quoted ?? word;
      const seen = url === undefined || (await looked(url));
      // What is asked of an image that is not there is not asked.
      const text = url === undefined ? typed : seen ? rest! : '';
      if (text === '/new') [messages, shown] = [beginning, []];
      else if (text !== '') {
        show(pc.green('bot  '));
        const images = shown.length > 0 && { images: shown };
        const asked = [...messages, { role: 'user' as const, content: text, ...images }];
        shown = [];
        messages = await answering((cut) =>
          reply(generator, { ...loaded, template }, asked, { sampling, signal: cut, output }),
        );
        output.write('\n');
      }
      lines.prompt();
    }
    lines.close();
  });
  return messages;
}

/** `/image a.png`, `/image "my file.png"`, and what may be asked right behind it. */
const imageCommand = /^\/image\s+(?:"([^"]+)"|(\S+))\s*(.*)$/;

/** An image before a message, as the model sees it; and from what size it was brought to that, if it was. */
async function shownImage(
  { eye, folder }: LoadedModel,
  url: string,
): Promise<{ image: MessageImage; resized: string | undefined }> {
  if (eye === undefined) {
    throw new ConfigError(`${folder} has no eye, so it cannot look at ${imageName(url)}`, {
      advice: 'descent sft --eye <image model> gives a model one.',
    });
  }
  let resized: string | undefined;
  const onResize: OnResize = ({ name, from, to }) => {
    resized = `${name}, ${from.width} x ${from.height}, seen at ${to.width} x ${to.height}`;
  };
  const pixels = await readMessageImage(url, { sight: sightOf(eye), onResize });
  return { image: { at: 0, url, pixels }, resized };
}

/** Streams an answer; the conversation with it, without the oldest turns where there was no room for them. */
async function reply(
  generator: Generator,
  loaded: LoadedModel & { readonly template: ChatTemplate },
  asked: readonly Message[],
  options: { sampling: Omit<SamplingOptions, 'stopTokens'>; signal: AbortSignal; output: NodeJS.WritableStream },
): Promise<readonly Message[]> {
  const { config, tokenizer, template } = loaded;
  const { sampling, signal, output } = options;
  const encode = (chat: readonly Message[]) => encodePrompt(loaded, template, chat);
  const limit = config.contextLength - LEAST_ROOM;
  let recent: RecentTurns<EncodedChat>;
  try {
    recent = recentTurns({ messages: asked, encode, limit });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    output.write(pc.yellow(error.message));
    return asked.slice(0, -1);
  }
  const { messages, encoded: prompt } = recent;
  const end = endOfTurn(tokenizer, template);
  const stopTokens = end === undefined ? [] : [end];
  const maxTokens = Math.min(sampling.maxTokens ?? 128, config.contextLength - prompt.ids.length);
  let content = '';
  const stream = generator.stream({ temperature: 0.2, ...sampling, maxTokens, prompt, stopTokens, signal });
  for await (const { text } of stream) {
    content += text;
    output.write(text);
  }
  // A template refuses an empty turn.
  return [...messages, { role: 'assistant', content: content === '' ? '…' : content }];
}

/** Makes Ctrl-C end the answer that is being written; between answers it ends the conversation. */
function interruptible(lines: Interface, signal: AbortSignal | undefined) {
  let current: AbortController | undefined;
  const interrupt = (): void => {
    if (current !== undefined) current.abort();
    else lines.close();
  };
  lines.on('SIGINT', interrupt);
  signal?.addEventListener('abort', interrupt);
  return async <Result>(answer: (cut: AbortSignal) => Promise<Result>): Promise<Result> => {
    current = new AbortController();
    try {
      return await answer(current.signal);
    } finally {
      current = undefined;
    }
  };
}
