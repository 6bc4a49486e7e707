/**
 * Tokens per second and the time to the first token of `descent serve`, with 1, 8 and 32 clients at a time, each of which
 * asks again as soon as it is answered, over HTTP. What is measured against is one client of the same server.
 *
 * DESCENT_BENCH_MODEL names a model's folder; without it, one of the almanac's size with random weights is made.
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
import { type BenchResult, median, significant } from './result.js';

const clientCounts = [1, 8, 32];
const seconds = 20;
const maxTokens = 64;
/** 32 clients are to be given so many times the tokens of one. */
const target = 6;

interface Answered {
  readonly tokens: number;
  readonly firstToken: number;
}

export async function run(): Promise<BenchResult> {
  const temporary = await mkdtemp(join(tmpdir(), 'descent-bench-'));
  const texts = paragraphs();
  const folder = process.env['DESCENT_BENCH_MODEL'] ?? (await almanacSized(join(temporary, 'model'), texts));
  const serving = createServing({ models: [{ path: folder, name: 'bench' }] });
  const listening = await listen(createApp({ context: serving.context }), { host: '127.0.0.1', port: 0 });
  try {
    const ask = askingAt(`${listening.url}/v1/chat/completions`, texts);
    // Programs are compiled for every number of rows before anything is timed.
    for (const clients of [...clientCounts, ...clientCounts]) await together(clients, ask, { until: 0 });
    const load = loadavg()[0]!;
    const rows: BenchResult['rows'] = [];
    let alone = 0;
    for (const clients of clientCounts) {
      const started = performance.now();
      const answers = await together(clients, ask, { until: started + 1000 * seconds });
      const rate = answers.reduce((sum, { tokens }) => sum + tokens, 0) / ((performance.now() - started) / 1000);
      if (clients === 1) alone = rate;
      const firsts = answers.map(({ firstToken }) => firstToken).sort((a, b) => a - b);
      rows.push({
        clients,
        'tokens/s': significant(rate),
        'against one client': significant(rate / alone),
        answers: answers.length,
        'first token, median ms': significant(median(firsts)),
        'first token, 95% ms': significant(firsts[Math.floor(0.95 * (firsts.length - 1))]!),
      });
    }
    const reached = Number(rows.at(-1)!['against one client']);
    return {
      name: 'serving',
      rows,
      notes: [
        `${process.env['DESCENT_BENCH_MODEL'] ?? "a model of the almanac's size with random weights"}; answers of ${maxTokens} tokens, no two prompts alike; ${seconds} s for each row`,
        'clients and HTTP run in the process of the server, the model in its worker',
        `32 clients get ${reached} times the tokens of one; the target is ${target}: ${reached >= target ? 'reached' : 'missed'}`,
        `load of the machine before: ${significant(load, 2)}`,
      ],
    };
  } finally {
    await serving.close(0);
    await listening.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

/** So many clients, each of which asks once, and then again until the time is over. */
async function together(
  clients: number,
  ask: () => Promise<Answered>,
  { until }: { until: number },
): Promise<Answered[]> {
  const answers: Answered[] = [];
  const client = async (): Promise<void> => {
    do answers.push(await ask());
    while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers;
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
