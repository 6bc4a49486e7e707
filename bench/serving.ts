/**
 * Tokens per second and the time to the first token of `descent serve`, with 1, 8 and 32 clients at a time, each of which
 * asks again as soon as it is answered, over HTTP. It is measured against one client of the same server; and, where
 * DESCENT_BENCH_LLAMA names a folder with node-llama-cpp in it (see peers/llama.ts), against the same weights in llama.cpp.
 *
 * DESCENT_BENCH_MODEL names a model's folder; without it, one of the almanac's size with random weights is made.
 * DESCENT_BENCH_SECONDS says how long each row is measured.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../src/cli/listen.js';
import { quickstartSchema, scales } from '../src/cli/quickstart/settings.js';
import { defaultEnglish } from '../src/data/default-english.js';
import { gpt } from '../src/families/autoregressive/gpt.js';
import { saveModel } from '../src/formats/model-folder.js';
import { initialise } from '../src/nn/parameters.js';
import { createApp } from '../src/serving/app.js';
import { createServing } from '../src/serving/serving.js';
import { trainTokenizer } from '../src/tokenizer/bpe-trainer.js';
import { ChatTemplate } from '../src/tokenizer/chat.js';
import { type Answered, type AskedServer, together } from './peers/clients.js';
import { llamaServer } from './peers/llama-server.js';
import { LLAMA_FOLDER } from './peers/llama.js';
import { type BenchResult, median, significant } from './result.js';

const clientCounts = [1, 8, 32];
const seconds = Number(process.env['DESCENT_BENCH_SECONDS'] ?? 20);
const maxTokens = 64;
/** 32 clients are to be given so many times the tokens of one. */
const target = 6;

export async function run(): Promise<BenchResult> {
  const temporary = await mkdtemp(join(tmpdir(), 'descent-bench-'));
  const texts = paragraphs();
  const folder = process.env['DESCENT_BENCH_MODEL'] ?? (await almanacSized(join(temporary, 'model'), texts));
  const llama = process.env[LLAMA_FOLDER];
  const servers: AskedServer[] = [];
  try {
    servers.push(await ourServer(folder, texts));
    if (llama !== undefined) servers.push(await llamaServer({ llama, folder, temporary, texts, maxTokens }));
    const load = loadavg()[0]!;
    const rows: BenchResult['rows'] = [];
    const alone = new Map<AskedServer, number>();
    for (const clients of clientCounts) {
      const rates: number[] = [];
      for (const server of servers) {
        const { rate, firsts } = await measure(server, clients);
        if (clients === 1) alone.set(server, rate);
        rates.push(rate);
        rows.push({
          server: server.name,
          clients,
          'tokens/s': significant(rate),
          'against one client': significant(rate / alone.get(server)!),
          ...(rates.length > 1 && { 'descent against it': significant(rates[0]! / rate) }),
          answers: firsts.length,
          'first token, median ms': significant(median(firsts)),
          'first token, 95% ms': significant(firsts[Math.floor(0.95 * (firsts.length - 1))]!),
        });
      }
    }
    const reached = Number(rows.findLast(({ server }) => server === servers[0]!.name)!['against one client']);
    return {
      name: 'serving',
      rows,
      notes: [
        `${process.env['DESCENT_BENCH_MODEL'] ?? "a model of the almanac's size with random weights"}; answers of ${maxTokens} tokens, no two prompts alike; ${seconds} s for each row`,
        ...servers.map(({ name, about }) => `${name}: ${about}`),
        `32 clients get ${reached} times the tokens of one; the target is ${target}: ${reached >= target ? 'reached' : 'missed'}`,
        `load of the machine before: ${significant(load, 2)}`,
      ],
    };
  } finally {
    for (const server of servers) await server.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Tokens per second of all clients together, and the times to the first token in order. */
async function measure(server: AskedServer, clients: number): Promise<{ rate: number; firsts: number[] }> {
  const ask = await server.serve(clients);
  const started = performance.now();
  const answers = await together(clients, ask, { until: started + 1000 * seconds });
  const rate = answers.reduce((sum, { tokens }) => sum + tokens, 0) / ((performance.now() - started) / 1000);
  return { rate, firsts: answers.map(({ firstToken }) => firstToken).sort((a, b) => a - b) };
}

async function ourServer(folder: string, texts: readonly string[]): Promise<AskedServer> {
  const serving = createServing({ models: [{ path: folder, name: 'bench' }] });
  const listening = await listen(createApp({ context: serving.context }), { host: '127.0.0.1', port: 0 });
  const ask = askingAt(`${listening.url}/v1/chat/completions`, texts);
  // Programs are compiled for every number of rows before anything is timed.
  for (const clients of [...clientCounts, ...clientCounts]) await together(clients, ask);
  return {
    name: 'descent',
    about: 'clients and HTTP run in the process of the server, the model in its worker',
    serve: () => Promise.resolve(ask),
    close: async () => {
      await serving.close(0);
      await listening.close();
    },
  };
}

/** Asks for a streamed answer, each time to another prompt. */
function askingAt(url: string, texts: readonly string[]): () => Promise<Answered> {
  let asked = 0;
  return async () => {
    const content = texts[asked % texts.length]!;
    const body = JSON.stringify({
      model: 'bench',
      messages: [{ role: 'user', content }],
      max_tokens: maxTokens,
      seed: asked++,
      stream: true,
      stream_options: { include_usage: true },
    });
    const started = performance.now();
    const response = await fetch(url, { method: 'POST', body });
    if (!response.ok || response.body === null) throw new Error(await response.text());
    let firstToken = NaN;
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      // Before it there is the role alone.
      if (Number.isNaN(firstToken) && /"content":"[^"]/.test(text)) firstToken = performance.now() - started;
    }
    return { tokens: Number(/"completion_tokens":(\d+)/.exec(text)?.[1]), firstToken };
  };
}

/** Beginnings of paragraphs, of about as many tokens as a question has. */
function paragraphs(): string[] {
  const texts: string[] = [];
  for (const { text } of defaultEnglish()) {
    for (const paragraph of text.split('\n')) {
      if (paragraph.length > 80) texts.push(paragraph.slice(0, 60));
      if (texts.length === 4000) return texts;
    }
  }
  return texts;
}

async function almanacSized(folder: string, texts: readonly string[]): Promise<string> {
  const { vocabularySize, pretraining } = quickstartSchema.parse(scales.small);
  const tokenizer = await trainTokenizer({ text: texts, vocabSize: vocabularySize });
  const model = gpt({ ...pretraining.model, vocabularySize: tokenizer.vocabSize });
  await saveModel({
    folder,
    kind: 'language-model',
    config: model.config,
    values: initialise(model.parameters, 1),
    tokenizer,
    template: new ChatTemplate(),
    lineage: { stage: 'benchmark', ancestors: [] },
  });
  return folder;
}
