import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TinyServer, saveTinyModel, temporaryFolder, tinyServer, tinyTokenizer } from '../tiny-models.test-helper.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TinyServer;
const lines: { entry: Readonly<Record<string, unknown>>; message: string }[] = [];
beforeAll(async () => {
  folder = await temporaryFolder();
  await saveTinyModel({ folder: join(folder.path, 'chatty', 'model') });
  await saveTinyModel({ folder: join(folder.path, 'deep', 'writer', 'model'), chats: false, seed: 2 });
  const log = (entry: Readonly<Record<string, unknown>>, message: string) => lines.push({ entry, message });
  server = tinyServer({ models: [{ path: folder.path }], settings: { maxChoices: 4 }, log });
});
afterAll(async () => {
  await server.serving.close(0);
  await folder.remove();
});

interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}
interface Completion {
  id: string;
  object: string;
  model: string;
  system_fingerprint: string;
  choices: {
    index: number;
    message: { role: string; content: string };
    text: string;
    finish_reason: string;
    logprobs: {
      content: {
        token: string;
        logprob: number;
        bytes: number[];
        top_logprobs: { token: string; logprob: number }[];
      }[];
      tokens: string[];
      token_logprobs: (number | null)[];
      top_logprobs: (Record<string, number> | null)[];
      text_offset: number[];
    };
  }[];
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    prompt_tokens_details: { cached_tokens: number };
  };
}

const messages = [{ role: 'user', content: 'the cat' }];
const base = { model: 'chatty', messages, seed: 3, max_tokens: 12 };

async function chat(fields: object): Promise<Completion> {
  const response = await server.post('/v1/chat/completions', { ...base, ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Completion;
}
async function complete(fields: object): Promise<Completion> {
  const response = await server.post('/v1/completions', { model: 'deep/writer', prompt: 'the', seed: 3, ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Completion;
}
async function refused(path: string, fields: object): Promise<{ status: number; error: ErrorBody['error'] }> {
  const response = await server.post(path, fields);
  return { status: response.status, ...((await response.json()) as ErrorBody) };
}

describe('/v1/models', () => {
  it('lists what is in the folder by name, and each by itself', async () => {
    const { data } = (await (await server.ask('/v1/models')).json()) as { data: { id: string; object: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['chatty', 'deep/writer']);
    for (const path of ['deep/writer', 'deep%2Fwriter']) {
      const one = (await (await server.ask(`/v1/models/${path}`)).json()) as { id: string; owned_by: string };
      expect(one).toMatchObject({ id: 'deep/writer', object: 'model', owned_by: 'descent' });
    }
  });
});

describe('/v1/chat/completions', () => {
  it('answers, the same for the same seed, and counts', async () => {
    const [one, same, other] = [await chat({}), await chat({}), await chat({ seed: 4 })];
    expect(one).toMatchObject({ object: 'chat.completion', model: 'chatty' });
    expect(one.choices[0]!.message.role).toBe('assistant');
    expect(one.choices[0]!.message.content).toBe(same.choices[0]!.message.content);
    expect(one.choices[0]!.message.content).not.toBe(other.choices[0]!.message.content);
    const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = one.usage;
    expect(total).toBe(prompt + completion);
    expect(completion).toBeLessThanOrEqual(12);
    expect(one.choices[0]!.finish_reason).toBe(completion === 12 ? 'length' : 'stop');
  });

  it('takes text in parts and both names of the system', async () => {
    const parts = [{ role: 'user', content: ['the ', 'cat'].map((text) => ({ type: 'text', text })) }];
    expect((await chat({ messages: parts })).choices).toEqual((await chat({})).choices);
    const [system, developer] = ['system', 'developer'].map((role) => [{ role, content: 'be' }, ...messages]);
    expect((await chat({ messages: system })).choices).toEqual((await chat({ messages: developer })).choices);
  });

  it('gives several answers, of which each is what it is alone', async () => {
    const three = await chat({ n: 3 });
    expect(three.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(three.choices.map(({ message }) => message.content)).size).toBeGreaterThan(1);
    expect(three.choices[0]).toEqual((await chat({})).choices[0]);
    expect(three.usage.prompt_tokens).toBe((await chat({})).usage.prompt_tokens);
  });

  it('ends at a stop text, which is not part of the answer', async () => {
    const whole = (await chat({ max_tokens: 20 })).choices[0]!.message.content;
    const stop = whole.slice(5, 7);
    const cut = (await chat({ max_tokens: 20, stop: ['\u0001\u0002', stop] })).choices[0]!;
    expect(cut.message.content).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(cut.finish_reason).toBe('stop');
  });

  it('tells log-probabilities of the tokens and of others in their place', async () => {
    const { choices } = await chat({ logprobs: true, top_logprobs: 3, temperature: 0 });
    const { content } = choices[0]!.logprobs;
    expect(content.length).toBeGreaterThan(0);
    for (const { token, logprob, bytes, top_logprobs: top } of content) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top).toHaveLength(3);
      // Without a temperature, the most probable one is taken.
      expect(top[0]!.token).toBe(token);
      expect(top[0]!.logprob).toBeCloseTo(logprob, 4);
      expect(bytes.length).toBeGreaterThan(0);
    }
    const text = Buffer.from(content.flatMap(({ bytes }) => bytes)).toString();
    expect(text).toBe(choices[0]!.message.content);
  });

  it('lets a bias decide', async () => {
    const [a] = (await tinyTokenizer()).encode('a');
    const { choices } = await chat({ logit_bias: { [String(a)]: 100 }, max_completion_tokens: 4, max_tokens: 9 });
    expect(choices[0]!.message.content).toBe('aaaa');
  });

  it('writes JSON where it is to', async () => {
    const json = await chat({ response_format: { type: 'json_object' }, max_tokens: 30 });
    expect(typeof JSON.parse(json.choices[0]!.message.content)).toBe('object');
    const schema = {
      type: 'object',
      properties: { mood: { enum: ['good', 'bad'] }, n: { type: 'integer', minimum: 3, maximum: 11 } },
      required: ['mood', 'n'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'mood', schema, strict: true } };
    const { choices } = await chat({ response_format: format, n: 4, max_tokens: 40 });
    for (const { message, finish_reason: reason } of choices) {
      const { mood, n } = JSON.parse(message.content) as { mood: string; n: number };
      expect(['good', 'bad']).toContain(mood);
      expect(n >= 3 && n <= 11).toBe(true);
      expect(reason).toBe('stop');
    }
  });

  it('reads of a conversation that goes on only what is new, and answers as if it had read all', async () => {
    const long = [{ role: 'user', content: 'the cat and the dog and the bird and the cat again' }];
    const first = await chat({ messages: long, seed: 9 });
    const more = [...long, first.choices[0]!.message, { role: 'user', content: 'and?' }];
    const second = await chat({ messages: more });
    expect(second.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(15);
    const fresh = tinyServer({ models: [{ path: folder.path }], settings: { keptMiB: 0 } });
    const response = await fresh.post('/v1/chat/completions', { ...base, messages: more });
    const alone = (await response.json()) as Completion;
    expect(alone.usage.prompt_tokens_details.cached_tokens).toBe(0);
    expect(alone.choices).toEqual(second.choices);
    await fresh.serving.close(0);
  });

  it('leaves out the oldest turns where that is asked for, and otherwise says what is too long', async () => {
    const turn = (role: string) => ({ role, content: 'the cat and the dog '.repeat(4) });
    const long = ['user', 'assistant', 'user', 'assistant', 'user', 'assistant', 'user'].map(turn);
    const { status, error } = await refused('/v1/chat/completions', { ...base, messages: long });
    expect([status, error.code, error.param]).toEqual([400, 'context_length_exceeded', 'messages']);
    expect((await chat({ messages: long, truncation: 'auto' })).usage.prompt_tokens).toBeLessThan(128);
  });
});

describe('a stream', () => {
  const events = async (fields: object): Promise<{ data: Completion[]; text: string }> => {
    const response = await server.post('/v1/chat/completions', { ...base, stream: true, ...fields });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = await response.text();
    const parts = text.trim().split('\n\n');
    expect(parts.at(-1)).toBe('data: [DONE]');
    return { text, data: parts.slice(0, -1).map((part) => JSON.parse(part.replace(/^data: /, '')) as Completion) };
  };

  it('says the same as the whole answer, in the order that clients expect', async () => {
    const whole = await chat({ n: 2 });
    const { data } = await events({ n: 2, stream_options: { include_usage: true } });
    type Delta = { delta: { role?: string; content?: string }; index: number; finish_reason: string | null };
    const deltas = data.flatMap(({ choices }) => choices as unknown as Delta[]);
    expect(new Set(data.map(({ id }) => id)).size).toBe(1);
    for (const index of [0, 1]) {
      const own = deltas.filter((delta) => delta.index === index);
      expect(own[0]!.delta).toEqual({ role: 'assistant', content: '' });
      expect(own.at(-1)).toMatchObject({ delta: {}, finish_reason: whole.choices[index]!.finish_reason });
      expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe(whole.choices[index]!.message.content);
    }
    expect(data.slice(0, -1).every(({ usage }) => (usage as unknown) === null)).toBe(true);
    const last = data.at(-1)!;
    expect(last.choices).toEqual([]);
    expect(last.usage).toMatchObject({ ...whole.usage, prompt_tokens_details: expect.anything() as unknown });
  });
});

describe('/v1/completions', () => {
  it('goes on with texts and tokens', async () => {
    const { choices, object } = await complete({ prompt: ['the', 'a'], n: 2, max_tokens: 5 });
    expect(object).toBe('text_completion');
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    const ids = [...(await tinyTokenizer()).encode('the')];
    expect((await complete({ prompt: ids })).choices).toEqual((await complete({})).choices);
    expect((await complete({ prompt: '', max_tokens: 3 })).usage.prompt_tokens).toBe(1);
  });

  it('repeats the prompt, with what was likely in it', async () => {
    const { choices } = await complete({ prompt: 'the cat', echo: true, logprobs: 2, max_tokens: 3, temperature: 0 });
    const { text, logprobs } = choices[0]!;
    expect(text.startsWith('the cat')).toBe(true);
    expect(logprobs.tokens.join('')).toBe(text);
    expect(logprobs.token_logprobs[0]).toBeNull();
    expect(logprobs.token_logprobs.slice(1).every((value) => value !== null && value <= 0)).toBe(true);
    expect(Object.keys(logprobs.top_logprobs.at(-1)!).length).toBeGreaterThan(0);
    logprobs.tokens.forEach((token, index) => {
      expect(text.startsWith(token, logprobs.text_offset[index])).toBe(true);
    });
    const read = await complete({ prompt: 'the cat', echo: true, logprobs: 2, max_tokens: 0 });
    expect(read.choices[0]).toMatchObject({ text: 'the cat', finish_reason: 'length' });
    expect(read.usage.completion_tokens).toBe(0);
    const { token_logprobs: alone } = read.choices[0]!.logprobs;
    expect(alone).toEqual(logprobs.token_logprobs.slice(0, alone.length));
  });

  it('streams', async () => {
    const fields = { model: 'deep/writer', prompt: 'the', seed: 3, stream: true, echo: true, max_tokens: 6 };
    const text = await (await server.post('/v1/completions', fields)).text();
    const chunks = text.split('\n\n').filter((part) => part.startsWith('data: {'));
    const said = chunks.map((part) => (JSON.parse(part.slice(6)) as Completion).choices[0]!.text).join('');
    expect(said).toBe((await complete({ echo: true, max_tokens: 6 })).choices[0]!.text);
  });
});

describe('/v1/embeddings', () => {
  it('gives vectors of length 1, which do not depend on what else was asked', async () => {
    const input = ['the cat', 'the dog and the bird and the cat and the dog'];
    const ask = async (fields: object) =>
      (await (await server.post('/v1/embeddings', { model: 'chatty', input, ...fields })).json()) as {
        data: { embedding: number[]; index: number }[];
        usage: { prompt_tokens: number };
      };
    const { data, usage } = await ask({});
    expect(usage.prompt_tokens).toBeGreaterThan(10);
    for (const { embedding } of data) {
      expect(embedding).toHaveLength(16);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 4);
    }
    const alone = await ask({ input: input[1] });
    expect(alone.data[0]!.embedding).toEqual(data[1]!.embedding);
    const encoded = (await ask({ encoding_format: 'base64' })).data[0]!.embedding as unknown as string;
    const bytes = Buffer.from(encoded, 'base64');
    expect([...new Float32Array(bytes.buffer, bytes.byteOffset, 16)]).toEqual(data[0]!.embedding);
  });
});

describe('what cannot be taken is refused by name', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  it.each([
    ['tools', { tools: [] }, 'tools'],
    ['an unknown field', { temprature: 1 }, 'temprature'],
    ['an unknown field inside', { stream_options: { chunk: 1 } }, 'stream_options.chunk'],
    ['a value out of range', { temperature: 3 }, 'temperature'],
    ['a value of another type', { max_tokens: '5' }, 'max_tokens'],
    ['too many answers', { n: 5 }, 'n'],
    ['an image', { messages: [{ role: 'user', content: [image] }] }, 'messages.0.content.0'],
    ['a tool message', { messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
    ['no message', { messages: [] }, 'messages'],
    ['a schema', { response_format: { type: 'json_schema', json_schema: { schema: { pattern: 'a' } } } }, null],
    ['a token beyond the vocabulary', { logit_bias: { '99999': 1 } }, null],
    ['a model without a template', { model: 'deep/writer' }, 'model'],
  ])('%s', async (_name, fields, param) => {
    const { status, error } = await refused('/v1/chat/completions', { ...base, ...fields });
    expect(status).toBe(400);
    expect(error.param).toBe(param);
    expect(error.type).toBe('invalid_request_error');
    expect(error.message.length).toBeGreaterThan(10);
  });

  it('but what is null counts as left out, and what changes nothing is passed over', async () => {
    const nothing = { stop: null, user: 'me', metadata: { a: '1' }, store: false, logit_bias: null, tools: null };
    expect((await chat(nothing)).choices).toEqual((await chat({})).choices);
  });

  it('of completions', async () => {
    const ask = (fields: object) => refused('/v1/completions', { model: 'deep/writer', prompt: 'a', ...fields });
    expect((await ask({ suffix: 'x' })).error.param).toBe('suffix');
    expect((await ask({ best_of: 2 })).error.param).toBe('best_of');
    expect((await ask({ max_tokens: 0 })).error.param).toBe('max_tokens');
    expect((await ask({ prompt: 'the '.repeat(300) })).status).toBe(400);
  });

  it('of other routes', async () => {
    expect((await refused('/v1/images/generations', { model: 'chatty', prompt: 'a' })).error.param).toBe('model');
    expect((await refused('/v1/embeddings', { model: 'nobody', input: 'a' })).error.code).toBe('model_not_found');
    const response = await server.ask('/v1/chat/completions', { method: 'POST', body: '{"model":' });
    expect([response.status, ((await response.json()) as ErrorBody).error.message]).toEqual([
      400,
      expect.stringMatching(/not JSON/),
    ]);
    expect((await server.ask('/v1/nothing')).status).toBe(404);
  });
});

describe('the figures', () => {
  it('are there for machines, and the log has no word of what was said', async () => {
    await chat({ messages: [{ role: 'user', content: 'a secret' }] });
    const metrics = await (await server.ask('/metrics')).text();
    expect(metrics).toMatch(/descent_generated_tokens_total\{model="chatty"\} \d+/);
    expect(metrics).toMatch(/descent_requests_total\{path="\/v1\/chat\/completions",status="200"\} \d+/);
    expect(metrics).toMatch(/descent_rows_active\{model="chatty"\} 0/);
    const health = (await (await server.ask('/health')).json()) as { status: string; models: string[] };
    expect(health).toMatchObject({ status: 'ok' });
    expect(health.models).toContain('chatty');
    expect(lines.some(({ message }) => message === 'answered')).toBe(true);
    expect(JSON.stringify(lines)).not.toMatch(/secret|the cat/);
  });

  it('and the interface is described by the schemas it checks with', async () => {
    const document = (await (await server.ask('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: { properties: object } }> } } }>;
    };
    expect(document.openapi).toBe('3.1.0');
    const { schema } = document.paths['/v1/chat/completions']!.post.requestBody.content['application/json']!;
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['messages', 'response_format', 'top_p']));
  });
});
