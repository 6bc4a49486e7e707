import { type Interface, createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { ConfigError, DataError } from '../errors.js';
import { loadModel } from '../formats/model-folder.js';
import type { Engine } from '../runtime/engine.js';
import type { Generator } from '../sampling/generator.js';
import type { SamplingOptions } from '../sampling/options.js';
import { type ChatTemplate, type Message, endOfTurn } from '../tokenizer/chat.js';
import { chatPrompt, withGenerator } from './stages/answering.js';

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
  const isTerminal = 'isTTY' in input && input.isTTY === true;
  const show = (text: string): void => {
    if (isTerminal) output.write(text);
  };
  show(pc.dim('\nSay something. /new starts over, /quit ends.\n'));
  const beginning: Message[] = system === undefined ? [] : [{ role: 'system', content: system }];
  let messages = beginning;
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
  loaded: Awaited<ReturnType<typeof loadModel>> & { readonly template: ChatTemplate },
  asked: readonly Message[],
  options: { sampling: Omit<SamplingOptions, 'stopTokens'>; signal: AbortSignal; output: NodeJS.WritableStream },
): Promise<Message[]> {
  const { config, tokenizer, template } = loaded;
  const { sampling, signal, output } = options;
  const length = (chat: readonly Message[]): number => chatPrompt(loaded, template, chat).length;
  const messages = fitting(asked, length, config.contextLength - LEAST_ROOM);
  const prompt = chatPrompt(loaded, template, messages);
  if (prompt.length >= config.contextLength) {
    const error = new DataError(`A message of ${prompt.length} tokens does not fit into ${config.contextLength}`);
    output.write(pc.yellow(`${error.message}; say it in fewer words.`));
    return asked.slice(0, -1);
  }
  const end = endOfTurn(tokenizer, template);
  const stopTokens = end === undefined ? [] : [end];
  let content = '';
  for await (const { text } of generator.stream({
    temperature: 0.2,
    maxTokens: 128,
    ...sampling,
    prompt,
    stopTokens,
    signal,
  })) {
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

/** Drops the oldest exchanges until the chat leaves room for an answer; the system message and the last question stay. */
function fitting(messages: readonly Message[], length: (chat: readonly Message[]) => number, limit: number): Message[] {
  const first = messages[0]?.role === 'system' ? 1 : 0;
  const kept = [...messages];
  while (kept.length > first + 1 && length(kept) > limit) kept.splice(first, 2);
  return kept;
}
