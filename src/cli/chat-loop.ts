import { createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { ConfigError } from '../errors.js';
import { loadModel } from '../formats/model-folder.js';
import type { Engine } from '../runtime/engine.js';
import type { SamplingOptions } from '../sampling/options.js';
import type { Message } from '../tokenizer/chat.js';
import { CONTROL } from '../tokenizer/control-tokens.js';
import { chatPrompt, withGenerator } from './stages/answering.js';

export interface ChatLoopOptions {
  readonly engine: Engine;
  /** The model's folder. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly sampling?: Omit<SamplingOptions, 'stopTokens'>;
  readonly input?: NodeJS.ReadableStream;
  readonly output?: NodeJS.WritableStream;
}

/** A conversation in the terminal: answers stream, /new starts over, /quit (or Ctrl-D) ends it. */
export async function chatLoop(options: ChatLoopOptions): Promise<void> {
  const { engine, folder, signal, sampling = {}, input = process.stdin, output = process.stdout } = options;
  const loaded = await loadModel(folder);
  const { template, tokenizer } = loaded;
  if (loaded.kind !== 'language-model' || template === undefined) {
    throw new ConfigError(`${folder} has not learnt to chat`, {
      advice: 'Fine-tune it on dialogues first: descent sft.',
    });
  }
  const lines = createInterface({ input, output, terminal: 'isTTY' in input && input.isTTY === true });
  output.write(pc.dim('\nSay something. /new starts over, /quit ends.\n'));
  await withGenerator({ engine }, loaded, async (generator) => {
    let messages: Message[] = [];
    lines.setPrompt(pc.cyan('you  '));
    lines.prompt();
    for await (const line of lines) {
      const text = line.trim();
      if (text === '/quit' || text === '/exit' || signal?.aborted) break;
      if (text === '/new') messages = [];
      else if (text !== '') {
        messages = fitting(
          [...messages, { role: 'user', content: text }],
          (chat) => chatPrompt(loaded, template, chat).length,
          loaded.config.contextLength - 16,
        );
        output.write(pc.green('bot  '));
        let answer = '';
        const stream = generator.stream({
          temperature: 0.2,
          maxTokens: 128,
          ...sampling,
          prompt: chatPrompt(loaded, template, messages),
          stopTokens: [tokenizer.idOf(CONTROL.end)],
          ...(signal && { signal }),
        });
        for await (const { text: piece } of stream) {
          answer += piece;
          output.write(piece);
        }
        output.write('\n');
        messages.push({ role: 'assistant', content: answer });
      }
      lines.prompt();
    }
  });
  lines.close();
}

/** Drops the oldest turns until the chat leaves room for an answer; the last question always stays. */
function fitting(messages: Message[], length: (chat: Message[]) => number, limit: number): Message[] {
  let kept = messages;
  while (kept.length > 1 && length(kept) > limit) kept = kept.slice(kept[1]?.role === 'assistant' ? 2 : 1);
  return kept;
}
