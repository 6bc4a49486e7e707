import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { GptOptions } from '../families/autoregressive/gpt-config.js';
import { gpt } from '../families/autoregressive/gpt.js';
import { saveModel } from '../formats/model-folder.js';
import { initialise } from '../nn/parameters.js';
import { trainTokenizer } from '../tokenizer/bpe-trainer.js';
import { ChatTemplate } from '../tokenizer/chat.js';
import { createApp } from './app.js';
import type { Env } from './context.js';
import { type ServeOptions, type Serving, createServing } from './serving.js';

/** A tokenizer of every byte, the control tokens and a few merges. */
export const tinyTokenizer = () => trainTokenizer({ text: ['the cat and the dog and the bird. '], vocabSize: 290 });

export interface TinyModel {
  readonly folder: string;
  /** A model that has learnt to chat has a template. */
  readonly chats?: boolean;
  readonly seed?: number;
  readonly options?: Partial<GptOptions>;
}

/** Saves a model of random weights, which says the same nonsense every time. */
export async function saveTinyModel({ folder, chats = true, seed = 1, options = {} }: TinyModel): Promise<void> {
  const tokenizer = await tinyTokenizer();
  const shape = { layers: 2, heads: 2, width: 16, contextLength: 128, initialisation: 0.4, ...options };
  const model = gpt({ vocabularySize: tokenizer.vocabSize, ...shape });
  await saveModel({
    folder,
    kind: 'language-model',
    config: model.config,
    values: initialise(model.parameters, seed),
    tokenizer,
    ...(chats && { template: new ChatTemplate() }),
    lineage: { stage: 'test', ancestors: [] },
  });
}

export interface TinyServer {
  readonly serving: Serving;
  readonly app: Hono<Env>;
  /** A request, with the Host header of the address. */
  ask(path: string, init?: RequestInit & { body?: string }): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

export function tinyServer(options: Omit<ServeOptions, 'engine'>): TinyServer {
  const serving = createServing({ ...options, engine: { threads: 1 } });
  const app = createApp({ context: serving.context });
  const ask: TinyServer['ask'] = async (path, init) => app.request(`http://127.0.0.1:8080${path}`, init);
  return {
    serving,
    app,
    ask,
    post: (path, body, init) => ask(path, { method: 'POST', body: JSON.stringify(body), ...init } as never),
  };
}

/** A folder that lasts as long as its tests. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'descent-serving-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
