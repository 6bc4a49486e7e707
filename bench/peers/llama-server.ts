import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportGguf } from '../../src/formats/gguf-export.js';
import { loadModel } from '../../src/formats/model-folder.js';
import { physicalCores } from '../../src/runtime/threads.js';
import { ChatTemplate, encodeChat } from '../../src/tokenizer/chat.js';
import { type Answered, type AskedServer, together } from './clients.js';
import { type LlamaContext, openLlama } from './llama.js';

export interface LlamaServerOptions {
  /** Where node-llama-cpp is installed. */
  readonly llama: string;
  /** Of our model. */
  readonly folder: string;
  /** Where the exported model may lie. */
  readonly temporary: string;
  /** What clients say, each time another. */
  readonly texts: readonly string[];
  readonly maxTokens: number;
}

/** Our model in llama.cpp: a sequence for each client in one context, all computed as one batch. */
export async function llamaServer({
  llama: installed,
  folder,
  temporary,
  texts,
  maxTokens,
}: LlamaServerOptions): Promise<AskedServer> {
  const ours = await loadModel(folder);
  const { tokenizer, template = new ChatTemplate() } = ours;
  const path = join(temporary, 'model.gguf');
  await exportGguf(ours, { path });
  const llama = await openLlama(installed);
  const model = await llama.loadModel({ modelPath: path });
  const threads = physicalCores();
  let context: LlamaContext | undefined;
  let asked = 0;

  return {
    name: 'llama.cpp',
    about: `${await versions(installed)} in the same process, without HTTP; the same weights in 32 bits, ${threads} threads`,
    serve: async (clients) => {
      await context?.dispose();
      context = await model.createContext({ sequences: clients, contextSize: ours.config.contextLength, threads });
      const free = Array.from({ length: clients }, () => context!.getSequence());
      const ask = async (): Promise<Answered> => {
        const messages = [{ role: 'user', content: texts[asked % texts.length]! } as const];
        const { ids } = encodeChat(tokenizer, template, messages, { addGenerationPrompt: true });
        const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: asked++ };
        const sequence = free.pop()!;
        const started = performance.now();
        await sequence.clearHistory();
        const tokens = sequence.evaluate([...ids], sampling)[Symbol.asyncIterator]();
        let [count, firstToken] = [0, NaN];
        while (count < maxTokens && (await tokens.next()).done !== true) {
          if (count++ === 0) firstToken = performance.now() - started;
        }
        await tokens.return?.();
        free.push(sequence);
        return { tokens: count, firstToken };
      };
      await together(clients, ask);
      return ask;
    },
    close: async () => {
      await context?.dispose();
      await llama.dispose();
    },
  };
}

async function versions(installed: string): Promise<string> {
  const read = async (file: string): Promise<Record<string, string>> =>
    JSON.parse(await readFile(join(installed, 'node_modules', 'node-llama-cpp', file), 'utf8')) as Record<
      string,
      string
    >;
  const { version } = await read('package.json');
  const { tag } = await read('llama/llama.cpp.info.json');
  return `node-llama-cpp ${version} with llama.cpp ${tag}`;
}
