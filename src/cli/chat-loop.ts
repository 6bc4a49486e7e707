import { type Interface, createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { ConfigError, DataError } from '../errors.js';
import { type LoadedModel, loadModel } from '../formats/model-folder.js';
import type { Engine } from '../runtime/engine.js';
import type { Generator } from '../sampling/generator.js';
import type { SamplingOptions } from '../sampling/options.js';
import { type RecentTurns, recentTurns } from '../sampling/recent-turns.js';
import { type ChatTemplate, type Message, encodeChat, endOfTurn } from '../tokenizer/chat.js';
import { withGenerator } from './stages/answering.js';

export interface ChatLoopOptions {
  readonly engine: Engine;
  /** The model's folder. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly sampling?: Omit<SamplingOptions, 'stopTokens'>;
  readonly system?: string;
  readonly input?: NodeJS.ReadableStream;
  readonly output?: NodeJS.WritableStream;
}

/** Fewest tokens that must be left for an answer. */
const LEAST_ROOM = 16;

/**
 * A conversation, one line a message; /new starts over, /quit (or the end of the input) ends it, and Ctrl-C cuts an
 * answer short or ends it. To a terminal answers stream behind a prompt; otherwise only the answers are written.
 *
 * @returns the conversation since the last /new
 */
export async function chatLoop(options: ChatLoopOptions): Promise<readonly Message[]> {
  const { engine, folder, signal, sampling = {}, system, input = process.stdin, output = process.stdout } = options;
  const loaded = await loadModel(folder);
  const { template } = loaded;
  if (loaded.kind !== 'language-model' || template === undefined) {
    throw new ConfigError(`${folder} has not learnt to chat`, {
      advice: 'Fine-tune it on dialogues first: descent sft.',
    });
  }
  const isTerminal = 'isTTY' in input && (input as { isTTY?: boolean }).isTTY === true;
  const show = (text: string): void => {
    if (isTerminal) output.write(text);
  };
  show(pc.dim('\nSay something. /new starts over, /quit ends.\n'));
  const beginning: Message[] = system === undefined ? [] : [{ role: 'system', content: system }];
  let messages: readonly Message[] = beginning;
  await withGenerator({ engine }, loaded, async (generator) => {
    // Not before the model is there: lines that come before somebody listens are lost.
    const lines = createInterface({ input, output, terminal: isTerminal });
    const answering = interruptible(lines, signal);
    lines.setPrompt(isTerminal ? pc.cyan('you  ') : '');
    lines.prompt();
    for await (const line of lines) {
      const text = line.trim();
      if (text === '/quit' || text === '/exit' || signal?.aborted) break;
      if (text === '/new') messages = beginning;
      else if (text !== '') {
        show(pc.green('bot  '));
        const asked = [...messages, { role: 'user' as const, content: text }];
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

/** Streams an answer; the conversation with it, without the oldest turns where there was no room for them. */
async function reply(
  generator: Generator,
  { config, tokenizer, template }: LoadedModel & { readonly template: ChatTemplate },
  asked: readonly Message[],
  options: { sampling: Omit<SamplingOptions, 'stopTokens'>; signal: AbortSignal; output: NodeJS.WritableStream },
): Promise<readonly Message[]> {
  const { sampling, signal, output } = options;
  const encode = (chat: readonly Message[]) => encodeChat(tokenizer, template, chat, { addGenerationPrompt: true });
  const limit = config.contextLength - LEAST_ROOM;
  let recent: RecentTurns;
  try {
    recent = recentTurns({ messages: asked, encode, limit });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    output.write(pc.yellow(error.message));
    return asked.slice(0, -1);
  }
  const { messages, ids: prompt } = recent;
  const end = endOfTurn(tokenizer, template);
  const stopTokens = end === undefined ? [] : [end];
  const maxTokens = Math.min(sampling.maxTokens ?? 128, config.contextLength - prompt.length);
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
