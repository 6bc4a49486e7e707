import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { createApp } from '../../serving/app.js';
import type { Env, ServingContext } from '../../serving/context.js';
import { openAiRoutes } from '../../serving/openai/routes.js';
import { type ServeOptions, createServing } from '../../serving/serving.js';
import type { StudioContext } from '../../serving/studio/context.js';
import { pageRoutes } from '../../serving/studio/page.js';
import { Reports } from '../../serving/studio/reports.js';
import { studioRoutes } from '../../serving/studio/routes.js';
import { listen } from '../listen.js';
import { builtPage } from './built.js';
import { commandForms } from './forms.js';

export interface StudioOptions extends Omit<ServeOptions, 'models'> {
  /** The folder of the runs, from where commands run. */
  readonly runs: string;
  readonly host: string;
  readonly port: number;
  readonly say?: (text: string) => void;
  /** Default: this very program. */
  readonly program?: StudioContext['program'];
  /** Default: the current folder. */
  readonly cwd?: string;
}

export interface Studio {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the Studio's server: its page, its interface, and OpenAI's. @throws ConfigError when the port is taken */
export async function startStudio(options: StudioOptions): Promise<Studio> {
  const { runs, host, port, say, program = ownProgram(), cwd = process.cwd(), ...rest } = options;
  const page = await builtPage(say);
  const serving = createServing({ ...rest, models: [{ path: runs }] });
  try {
    const context = { runs, program, cwd, forms: commandForms(), answer: answerer(serving.context) };
    const reports = new Reports();
    const mount = { '/api': studioRoutes(context, reports), '/reports': reports.routes(), '/': pageRoutes(page) };
    const listening = await listen(createApp({ context: serving.context, mount }), { host, port });
    return {
      url: listening.url,
      async close() {
        await serving.close();
        await listening.close();
      },
    };
  } catch (error) {
    await serving.close(0);
    throw error;
  }
}

/** How this process was started, as the beginning of another. */
const ownProgram = (): StudioContext['program'] => [
  process.execPath,
  ...process.execArgv,
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js', import.meta.url)),
];

/** Answers through the chat interface, side by side, each of its own seed: asked for again, it is the same. */
function answerer(context: ServingContext): StudioContext['answer'] {
  const api = new Hono<Env>();
  api.route('/', openAiRoutes(context));
  api.onError((error) => {
    throw error;
  });
  return async ({ model, messages, count, seed, temperature, maxTokens, signal }) => {
    const sampling = { model, messages, temperature, max_tokens: maxTokens, truncation: 'auto' };
    const ask = async (offset: number): Promise<string> => {
      const response = await api.request('/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...sampling, seed: seed + offset }),
        ...(signal && { signal }),
      });
      const { choices } = (await response.json()) as { choices: [{ message: { content: string } }] };
      return choices[0].message.content;
    };
    return Promise.all(Array.from({ length: count }, (_, offset) => ask(offset)));
  };
}
