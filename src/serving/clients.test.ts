import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { type LanguageModel, generateObject, generateText, streamText } from 'ai';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Listening, listen } from '../cli/listen.js';
import type { ServedLanguageModel } from './language-model.js';
import { type TinyServer, saveTinyModel, temporaryFolder, tinyServer } from './tiny-models.test-helper.js';

/** The clients that people use, on a real port. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TinyServer;
let listening: Listening;
let client: OpenAI;
let aiModel: LanguageModel;
const key = 'a key';

beforeAll(async () => {
  folder = await temporaryFolder();
  await saveTinyModel({ folder: join(folder.path, 'chatty', 'model') });
  await saveTinyModel({ folder: join(folder.path, 'writer', 'model'), chats: false, seed: 2 });
  server = tinyServer({ models: [{ path: folder.path }], security: { keys: [key] }, settings: { queue: 300 } });
  listening = await listen(server.app, { host: '127.0.0.1', port: 0 });
  const baseURL = `${listening.url}/v1`;
  client = new OpenAI({ apiKey: key, baseURL, maxRetries: 0 });
  aiModel = createOpenAICompatible({ name: 'descent', baseURL, apiKey: key, includeUsage: true }).chatModel('chatty');
});
afterAll(async () => {
  await server.serving.close(0);
  await listening.close();
  await folder.remove();
});

const asked = (seed = 5) => ({
  model: 'chatty',
  messages: [{ role: 'user' as const, content: 'the cat and the dog' }],
  max_tokens: 16,
  seed,
});

const loadedModel = async (): Promise<ServedLanguageModel> => {
  const models = await server.serving.context.registry.models();
  return models.find(({ name }) => name === 'chatty')!.model as ServedLanguageModel;
};
/** No row is taken, nobody waits, and nothing holds the model. */
async function idle(): Promise<void> {
  const { scheduler } = await loadedModel();
  const isBusy = () =>
    scheduler.active + scheduler.waiting + server.serving.context.registry.loaded.reduce((sum, { users }) => sum + users, 0);
  for (let waited = 0; isBusy() > 0; waited++) {
    if (waited > 3000) throw new Error(`${isBusy()} are left`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function streamed(seed: number, maxTokens = 16): Promise<{ text: string; reason: string | null }> {
  let [text, reason] = ['', null as string | null];
  for await (const chunk of await client.chat.completions.create({ ...asked(seed), max_tokens: maxTokens, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? '';
    reason = chunk.choices[0]?.finish_reason ?? reason;
  }
  return { text, reason };
}

describe('openai', () => {
  it('lists models, answers, streams and embeds', async () => {
    const names: string[] = [];
    for await (const model of client.models.list()) names.push(model.id);
    expect(names).toEqual(['chatty', 'writer']);
    expect((await client.models.retrieve('writer')).id).toBe('writer');
    const whole = await client.chat.completions.create(asked());
    expect(whole._request_id).toMatch(/^req_/);
    const { text, reason } = await streamed(5);
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(reason).toBe(whole.choices[0]!.finish_reason);
    const completion = await client.completions.create({ model: 'writer', prompt: 'the', max_tokens: 4, seed: 1 });
    expect(completion.usage!.completion_tokens).toBeLessThanOrEqual(4);
    // Without an encoding, this client asks for base64 and decodes it.
    const { data } = await client.embeddings.create({ model: 'chatty', input: ['a', 'b'] });
    expect(Math.hypot(...data[1]!.embedding)).toBeCloseTo(1, 4);
  });

  it('gets errors as its own classes', async () => {
    const wrong = new OpenAI({ apiKey: 'other', baseURL: `${listening.url}/v1`, maxRetries: 0 });
    await expect(wrong.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(client.chat.completions.create({ ...asked(), model: 'nobody' })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    const error = await client.chat.completions.create({ ...asked(), tools }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: 'tools', code: 'unsupported_parameter', requestID: expect.stringMatching(/^req_/) as string });
  });

  it('parses what a schema asks for', async () => {
    const schema = z.strictObject({ kind: z.enum(['cat', 'dog']), age: z.int().min(0).max(30), tags: z.array(z.string()).max(2) });
    const { choices } = await client.chat.completions.create({
      ...asked(),
      max_tokens: 80,
      response_format: { type: 'json_schema', json_schema: { name: 'pet', schema: z.toJSONSchema(schema), strict: true } },
    });
    schema.parse(JSON.parse(choices[0]!.message.content!));
  });

  it('is told of an error in the middle of a stream', async () => {
    const { scheduler } = await loadedModel();
    await idle();
    const stream = await client.chat.completions.create({ ...asked(), max_tokens: 100, stream: true });
    const reading = (async () => {
      let count = 0;
      for await (const _ of stream) if (++count === 2) void scheduler.close(new Error('the device is lost'));
    })();
    const error = await reading.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(APIError);
    await idle();
    expect((await streamed(1)).reason).not.toBeNull();
  });
});

describe('ai', () => {
  it('generates text and streams it, with usage', async () => {
    const { text, usage, finishReason } = await generateText({ model: aiModel, prompt: 'the cat', maxOutputTokens: 10, seed: 2 });
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(['stop', 'length']).toContain(finishReason);
    const result = streamText({ model: aiModel, prompt: 'the cat', maxOutputTokens: 10, seed: 2 });
    let said = '';
    for await (const piece of result.textStream) said += piece;
    expect(said).toBe(text);
    expect((await result.usage).outputTokens).toBe(usage.outputTokens);
  });

  it('generates objects', async () => {
    const model = createOpenAICompatible({
      ...{ name: 'descent', baseURL: `${listening.url}/v1`, apiKey: key },
      supportsStructuredOutputs: true,
    }).chatModel('chatty');
    const schema = z.object({ mood: z.enum(['good', 'bad']), reasons: z.array(z.boolean()).min(1).max(3) });
    const { object } = await generateObject({ model, schema, prompt: 'how?', maxOutputTokens: 60, seed: 1 });
    schema.parse(object);
  });

  it('sees an error in the middle of a stream as such', async () => {
    const { scheduler } = await loadedModel();
    const errors: unknown[] = [];
    const result = streamText({
      ...{ model: aiModel, prompt: 'the cat', maxOutputTokens: 100, maxRetries: 0 },
      onError: ({ error }) => void errors.push(error),
    });
    let pieces = 0;
    for await (const _ of result.textStream) if (++pieces === 1) void scheduler.close(new Error('the device is lost'));
    expect(errors).toHaveLength(1);
    await idle();
  });
});

it('curl', async () => {
  const body = JSON.stringify({ ...asked(), stream: true });
  const args = ['-sN', `${listening.url}/v1/chat/completions`, '-H', `Authorization: Bearer ${key}`, '-d', body];
  const { stdout } = await promisify(execFile)('curl', args);
  expect(stdout).toMatch(/^data: \{/);
  expect(stdout.trimEnd()).toMatch(/data: \[DONE\]$/);
});

describe('many at once', () => {
  it('32 streams, each of which says what it says alone', async () => {
    const together = await Promise.all(Array.from({ length: 32 }, (_, seed) => streamed(seed)));
    for (const seed of [0, 7, 31]) expect(together[seed]).toEqual(await streamed(seed));
    expect(new Set(together.map(({ text }) => text)).size).toBeGreaterThan(16);
  });

  it('200 streams that are given up leave no row taken', async () => {
    await Promise.allSettled(
      Array.from({ length: 200 }, async (_, seed) => {
        const controller = new AbortController();
        const request = client.chat.completions.create(
          { ...asked(seed), max_tokens: 40, stream: true },
          { signal: controller.signal },
        );
        // Some at once or while they wait; the others in the middle.
        if (seed % 3 === 0) setTimeout(() => controller.abort(), seed % 20);
        let count = 0;
        for await (const _ of await request) if (++count === 1 + (seed % 5)) break;
      }),
    );
    await idle();
    expect(await streamed(5)).toEqual(await streamed(5));
  });

  it('a client that does not read holds up nobody', async () => {
    const { hostname, port } = new URL(listening.url);
    const sockets = await Promise.all(
      Array.from({ length: 40 }, async (_, seed) => {
        const socket = connect(Number(port), hostname);
        await once(socket, 'connect');
        const body = JSON.stringify({ ...asked(seed), max_tokens: 100, stream: true, logprobs: true, top_logprobs: 20 });
        socket.pause();
        socket.write(
          `POST /v1/chat/completions HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${key}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        return socket;
      }),
    );
    expect((await streamed(5)).reason).not.toBeNull();
    // Their answers are finished and wait for them; their rows are free.
    await idle();
    for (const socket of sockets) socket.destroy();
  });
});
