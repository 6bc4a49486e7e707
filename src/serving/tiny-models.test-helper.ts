import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { definition as mae } from '../families/autoencoding/mae.js';
import { type GptOptions, gptConfig } from '../families/autoregressive/gpt-config.js';
import { gpt } from '../families/autoregressive/gpt.js';
import { type ModelImages, imageData } from '../formats/image-model-folder.js';
import { eyeOf } from '../formats/model-eye.js';
import { languageModelOf, saveModel } from '../formats/model-folder.js';
import { initialise } from '../nn/parameters.js';
import { trainTokenizer } from '../tokenizer/bpe-trainer.js';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import { ChatTemplate } from '../tokenizer/chat.js';
import { CONTROL_TOKENS, IMAGE_TOKEN } from '../tokenizer/control-tokens.js';
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

/** Saves a model of random weights that sees images of 4 x 4, each as two tokens. */
export async function saveSeeingModel(folder: string): Promise<void> {
  const reading = { fit: 'crop', filter: 'box', skipBad: false, colours: false } as const;
  const images: ModelImages = { channels: 1, height: 4, width: 4, pixels: 'bytes', labelNames: [], reading };
  const encoder = mae.schema.parse({ patch: 2, layers: 1, width: 8, heads: 2, decoderWidth: 4 });
  const looking = mae.build(encoder, imageData(images));
  const { eye, values: seen } = eyeOf(
    {
      ...{ folder: 'eye', definition: mae, config: encoder, images, model: looking },
      values: initialise(looking.parameters, 1),
    },
    { tokens: 2, projector: 'mlp' },
  );
  const tokenizer = CharacterTokenizer.fromText('abcdefghtw ?', [...CONTROL_TOKENS, IMAGE_TOKEN]);
  const shape = { layers: 2, heads: 2, width: 16, contextLength: 64, initialisation: 0.3 };
  const config = gptConfig({ vocabularySize: tokenizer.vocabSize, ...shape });
  const values = { ...initialise(languageModelOf({ config, eye, tokenizer }).parameters, 7), ...seen };
  // So that what is seen counts.
  for (const [path, numbers] of Object.entries(values))
    if (path.startsWith('eye.projector.second')) values[path] = numbers.map((number) => 40 * number);
  const lineage = { stage: 'test', ancestors: [] };
  await saveModel({
    ...{ folder, kind: 'language-model', config, values, tokenizer, eye, lineage },
    template: new ChatTemplate(),
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
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}
