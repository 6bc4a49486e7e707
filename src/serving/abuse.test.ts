import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../cli/listen.js';
import { CONTROL_TOKENS } from '../tokenizer/control-tokens.js';
import { createApp } from './app.js';
import type { Env } from './context.js';
import type { ServingOptions } from './settings.js';
import {
  type TinyServer,
  saveTinyModel,
  temporaryFolder,
  tinyServer,
  tinyTokenizer,
} from './tiny-models.test-helper.js';

/** What a server takes from those who ask too much, too slowly, or from elsewhere. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await saveTinyModel({ folder: join(folder.path, 'writer', 'model'), options: { contextLength: 4096 } });
  const tokenizer = await tinyTokenizer();
  const bias = Object.fromEntries(CONTROL_TOKENS.map((control) => [tokenizer.idOf(control), -100]));
  endless = { model: 'writer', prompt: 'the cat', seed: 1, max_tokens: 4000, logit_bias: bias };
});
afterAll(() => folder.remove());

/** A server with these settings, for as long as something is done with it. */
async function withServer(settings: ServingOptions, use: (server: TinyServer) => Promise<void>): Promise<void> {
  const server = tinyServer({ models: [{ path: folder.path }], settings });
  try {
    await use(server);
  } finally {
    await server.serving.close(0);
  }
}

/** An answer that does not end by itself: no control token may come. */
let endless: object;

interface Completion {
  readonly choices: readonly [{ readonly finish_reason: string }];
  readonly usage: { readonly completion_tokens: number };
}

describe('limits', () => {
  it('no answer is longer than the server allows, whatever is asked for', () =>
    withServer({ maxTokens: 3 }, async (server) => {
      const response = await server.post('/v1/completions', endless);
      const { choices, usage } = (await response.json()) as Completion;
      expect(choices[0].finish_reason).toBe('length');
      expect(usage.completion_tokens).toBe(3);
    }));

  it('what is written when the time is up is the answer, and its row is free', () =>
    withServer({ maxTokens: 4000, maxSeconds: 0.3, rows: 1, queue: 0 }, async (server) => {
      // Loading and compiling takes part of the time: until then there is nothing, and it is said so.
      let ended: Completion | undefined;
      for (let tries = 0; ended === undefined && tries < 100; tries++) {
        const response = await server.post('/v1/completions', endless);
        if (response.status === 200) ended = (await response.json()) as Completion;
        else expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      }
      expect(ended!.choices[0].finish_reason).toBe('length');
      expect(ended!.usage.completion_tokens).toBeLessThan(4000);
    }));

  it('more than can wait are told to come again, and can', () =>
    withServer({ rows: 1, queue: 1, maxTokens: 300 }, async (server) => {
      const all = await Promise.all(Array.from({ length: 6 }, () => server.post('/v1/completions', endless)));
      const refused = all.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(4);
      for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await server.post('/v1/completions', { ...endless, max_tokens: 1 })).status).toBe(200);
    }));
});

describe('a connection', () => {
  let listening: Listening;
  beforeAll(async () => {
    const server = tinyServer({ models: [] });
    listening = await listen(server.app, { host: '127.0.0.1', port: 0, idleSeconds: 1 });
  });
  afterAll(() => listening.close());

  it.each([
    ['its headers', 'POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-'],
    ['its body', 'POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{"model":'],
    ['nothing', ''],
  ])('that stops in the middle of %s is given up, and holds up nobody', async (_name, beginning) => {
    const { hostname, port } = new URL(listening.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.write(beginning);
    socket.resume();
    expect((await fetch(`${listening.url}/health`)).status).toBe(200);
    await closed;
  });
});

it('what is mounted beside the interface is guarded as it is; a page is for whoever may call', async () => {
  const { serving } = tinyServer({ models: [], security: { keys: ['k'] } });
  const said = new Hono<Env>();
  said.get('*', (c) => c.text('here'));
  const app = createApp({ context: serving.context, mount: { '/api': said, '/': said } });
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await app.request(`http://127.0.0.1:8080${path}`, { headers })).status;
  const key = { authorization: 'Bearer k' };
  for (const path of ['/api/runs', '/api/', '/api']) {
    expect(await ask(path)).toBe(401);
    expect(await ask(path, key)).toBe(200);
    expect(await ask(path, { ...key, host: 'evil.com' })).toBe(403);
    expect(await ask(path, { ...key, origin: 'http://evil.com' })).toBe(403);
  }
  expect(await ask('/')).toBe(200);
  expect(await ask('/', { host: 'evil.com' })).toBe(403);
});
