import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listen } from '../../cli/listen.js';
import { ConfigError } from '../../errors.js';
import type { Env } from '../context.js';
import { temporaryFolder } from '../tiny-models.test-helper.js';
import type { StudioContext } from './context.js';
import type { LabelItem, SetProgress } from './labels/types.js';
import { Reports } from './reports.js';
import { studioRoutes } from './routes.js';
import { RunLibrary } from './runs.js';
import type { LogEvent, RunView } from './wire.js';

/** The Studio's interface with a program that only waits, or draws one pixel. */

const program = `
import { mkdirSync, writeFileSync } from 'node:fs';
const [command, ...words] = process.argv.slice(2);
const out = words.find((word) => word.startsWith('--out=')).slice(6);
if (command === 'sample') {
  writeFileSync(out, 'picture');
  if (words[0].endsWith('/slow')) setInterval(() => {}, 1000);
  else if (words[0].endsWith('/bad')) { process.stderr.write('Error: it is bad\\nMend it.\\n'); process.exitCode = 1; }
  else process.stdout.write(JSON.stringify({ moments: 3 }));
} else {
  process.on('SIGINT', () => { console.log('saved'); process.exit(130); });
  console.log('at work');
  setInterval(() => {}, 1000);
}
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: Hono<Env>;
let context: StudioContext;
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'program.mjs'), program);
  context = {
    runs: join(folder.path, 'runs'),
    cwd: folder.path,
    program: [process.execPath, join(folder.path, 'program.mjs')],
    forms: {
      list: () => Promise.resolve([]),
      form: () => Promise.reject(new ConfigError('none')),
      words: ({ command, positional, flags }) =>
        Promise.resolve([command, ...positional, `--out=${String(flags['out'])}`]),
    },
    answer: ({ model, count, seed }) =>
      Promise.resolve(Array.from({ length: count }, (_, offset) => `${model} says ${seed + offset}`)),
  };
  app = studioRoutes(context);
});
afterEach(async () => {
  for (const { id, launch } of await get<RunView[]>('/runs')) {
    if (launch?.status === 'running') await post(`/run/stop?id=${id}`);
  }
  await folder.remove();
});

const get = async <Value>(path: string): Promise<Value> => (await (await app.request(path)).json()) as Value;
const request = (path: string, body: unknown = {}, signal?: AbortSignal) =>
  app.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
const post = async <Value = unknown>(path: string, body?: unknown): Promise<Value> =>
  (await (await request(path, body)).json()) as Value;
const start = (id: string) => request('/runs', { id, command: 'train' });

/** Asks until it is so. */
async function until<Value>(ask: () => Promise<Value>, isSo: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
    await sleep(50);
  }
}
const launchOf = async (id: string) => (await get<RunView[]>('/runs')).find((run) => run.id === id)?.launch;

describe('runs', () => {
  it('are processes that a later server finds again, stops and resumes', async () => {
    expect((await start('mine')).status).toBe(200);
    await until(
      () => get<{ text: string }>('/run/output?id=mine'),
      ({ text }) => text.includes('at work'),
    );
    expect((await start('mine')).status).toBe(400);
    app = studioRoutes(context);
    expect(await launchOf('mine')).toMatchObject({ status: 'running', request: { command: 'train' } });
    await post('/run/stop?id=mine');
    await until(
      () => launchOf('mine'),
      (launch) => launch?.status === 'ended',
    );
    expect((await get<{ text: string }>('/run/output?id=mine')).text).toContain('saved');
    expect((await request('/run/stop?id=mine')).status).toBe(400);
    await post('/run/resume?id=mine');
    expect(await launchOf('mine')).toMatchObject({ status: 'running' });
    // It writes to its folder until it has ended.
    await post('/run/stop?id=mine');
    await until(
      () => launchOf('mine'),
      (launch) => launch?.status === 'ended',
    );
  });

  it('are known to have ended when they were killed, and the exit code where they ended by themselves', async () => {
    await start('killed');
    const launch = JSON.parse(await readFile(join(context.runs, 'killed', 'launch.json'), 'utf8')) as {
      process: { id: number };
    };
    process.kill(launch.process.id, 'SIGKILL');
    await until(
      () => launchOf('killed'),
      (found) => found?.status === 'ended',
    );
    await start('stopped');
    await until(
      () => get<{ text: string }>('/run/output?id=stopped'),
      ({ text }) => text.includes('at work'),
    );
    await post('/run/stop?id=stopped');
    expect(
      await until(
        () => launchOf('stopped'),
        (found) => found?.exitCode !== undefined,
      ),
    ).toMatchObject({
      exitCode: 130,
    });
  });

  it.each(['..', '../elsewhere', 'a/../../b', '/etc', '.hidden', 'a//b', ''])('have no name such as %o', async (id) => {
    expect((await start(id)).status).toBe(400);
    expect((await app.request(`/run/output?id=${encodeURIComponent(id)}`)).status).toBe(400);
  });

  it('give out no file but pictures', async () => {
    await start('mine');
    const picture = (name: string) => app.request(`/run/picture?id=mine&name=${encodeURIComponent(name)}`);
    expect((await picture('launch.json')).status).toBe(400);
    expect((await picture('pictures/../launch.json')).status).toBe(400);
  });

  it('tell what they log, once', async () => {
    const path = join(context.runs, 'logged');
    await mkdir(join(path, 'checkpoints'), { recursive: true });
    await writeFile(join(path, 'config.json'), '{}');
    await writeFile(join(path, 'metrics.jsonl'), '{"step": 1, "loss": 3}\n');
    const aborted = new AbortController();
    const follow = async (headers: Record<string, string>, isEnough: (events: LogEvent[]) => boolean) => {
      const response = await app.request('/events?run=logged', { signal: aborted.signal, headers });
      const events: LogEvent[] = [];
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let [text, id] = ['', ''];
      while (!isEnough(events)) {
        const { value } = await reader.read();
        text += Buffer.from(value ?? []).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) {
          if (!block.startsWith('event: log')) continue;
          events.push(JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as LogEvent);
          id = /^id: (.*)$/m.exec(block)![1]!;
        }
      }
      await reader.cancel();
      return { events, id };
    };
    const first = await follow({}, (events) => events.length === 1);
    expect(first.events[0]!.update.whole?.['loss']?.mean).toEqual([3]);
    await appendFile(join(path, 'metrics.jsonl'), '{"step": 2, "loss": 2}\n');
    const second = await follow({ 'last-event-id': first.id }, (events) => events.length === 1);
    expect(second.events[0]!.update).toMatchObject({ keys: ['loss'], rows: [[2, 2]] });
    expect(second.events[0]!.update.whole).toBeUndefined();
  });

  it('are watched for nobody once 200 who watched have gone', async () => {
    const looked = vi.spyOn(RunLibrary.prototype, 'list');
    const listening = await listen(app, { host: '127.0.0.1', port: 0 });
    try {
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const gone = new AbortController();
          const response = await fetch(`${listening.url}/events`, { signal: gone.signal });
          if (index % 2 === 0) await (response.body as ReadableStream<Uint8Array>).getReader().read();
          gone.abort();
        }),
      );
      await until(
        () => Promise.resolve(looked.mock.calls.length),
        (() => {
          // They look every two seconds: whoever still does is seen in twice that.
          let [calls, since] = [-1, Date.now()];
          return (now: number) => {
            if (now !== calls) [calls, since] = [now, Date.now()];
            return Date.now() - since > 4000;
          };
        })(),
      );
    } finally {
      looked.mockRestore();
      await listening.close();
    }
  });

  it('have their report at an address of its own, which nobody can guess', async () => {
    const reports = new Reports();
    app = studioRoutes(context, reports);
    await mkdir(join(context.runs, 'done'), { recursive: true });
    await writeFile(join(context.runs, 'done', 'report.html'), '<h1>It is done</h1>');
    const { address } = await post<{ address: string }>('/run/report?id=done');
    const page = new Hono<Env>().route('/reports', reports.routes());
    expect(await (await page.request(address)).text()).toContain('It is done');
    const other = (await post<{ address: string }>('/run/report?id=done')).address;
    expect(other).not.toBe(address);
    for (const wrong of ['/reports/done', '/reports/', '/reports/..%2fdone', `${address}0`]) {
      expect((await page.request(wrong)).status).toBe(404);
    }
    expect((await request('/run/report?id=../done')).status).toBe(400);
  });
});

describe('labels', () => {
  it('go from prompts through answers and judgements to files', async () => {
    const { id } = await post<SetProgress>('/labels', { name: 'Set', heldOut: 0.5 });
    const prompts = ['one', 'two'].map((content) => [{ role: 'user', content }]);
    await post(`/labels/${id}/items`, { kind: 'waiting', prompts });
    for (let left = 2; left > 0; left--) {
      const { waiting } = await post<SetProgress>(`/labels/${id}/fill`, { models: ['old', 'new'], count: 3, seed: 5 });
      expect(waiting).toBe(left - 1);
    }
    for (let judged = 0; judged < 2; judged++) {
      const item = await post<LabelItem>(`/labels/${id}/next`, { labeler: 'ann' });
      expect(item.answers.map(({ model }) => model).sort()).toEqual(['new', 'new', 'old']);
      for (const { text, model, seed } of item.answers) expect(text).toBe(`${model} says ${seed}`);
      const ranks = item.answers.map(({ model }) => (model === 'new' ? 0 : 1));
      await post(`/labels/${id}/items/${item.id}`, { labeler: 'ann', verdict: { kind: 'ranking', ranks } });
    }
    expect(await get(`/labels/${id}`)).toMatchObject({
      done: 2,
      models: [{ model: 'new', wins: 4 }, { model: 'old' }],
    });
    const files = await post<Record<string, { path: string; rows: number }>>(`/labels/${id}/export`);
    expect(files['rankings']!.rows).toBe(1);
    expect(await (await app.request(`/labels/${id}/export/rankings.jsonl`)).text()).toBe(
      await readFile(files['rankings']!.path, 'utf8'),
    );
    expect(await post(`/labels/${id}/comparison`, { name: 'Old and new' })).toMatchObject({ waiting: 1, heldOut: 1 });
    // Another server over the same folder has lost nothing.
    app = studioRoutes(context);
    expect(await get(`/labels/${id}`)).toMatchObject({ done: 2 });
  });

  it('say what is wrong', async () => {
    const wrong = await request('/labels', { name: '', overlap: 0 });
    expect(wrong.status).toBe(400);
    const { error } = (await wrong.json()) as { error: { message: string } };
    expect(error.message).toMatch(/name: .*overlap: /);
    expect((await app.request('/labels/none')).status).toBe(400);
  });
});

describe('pictures', () => {
  beforeEach(async () => {
    for (const name of ['good', 'slow', 'bad']) {
      const model = join(context.runs, name);
      await mkdir(model, { recursive: true });
      await writeFile(join(model, 'config.json'), '{}');
      await writeFile(join(model, 'model.safetensors'), '');
    }
  });

  it('are drawn one after the other; a client that goes away ends its process', async () => {
    const gone = new AbortController();
    const slow = request('/pictures', { command: 'sample', model: 'slow' }, gone.signal);
    const good = request('/pictures', { command: 'sample', model: 'good' });
    await sleep(300);
    gone.abort();
    const drawn = (await (await good).json()) as { id: string; picture: string; details: unknown };
    expect(drawn.details).toEqual({ moments: 3 });
    expect(await (await app.request(`/pictures/${drawn.id}/${drawn.picture}`)).text()).toBe('picture');
    expect((await slow).status).toBe(499);
  });

  it('fail in the words of the command', async () => {
    const bad = await request('/pictures', { command: 'sample', model: 'bad' });
    expect(bad.status).toBe(400);
    expect(await bad.json()).toEqual({ error: { message: 'it is bad', advice: 'Mend it.' } });
    expect((await request('/pictures', { command: 'train', model: 'good' })).status).toBe(400);
    expect((await request('/pictures', { command: 'sample', model: '../good' })).status).toBe(400);
    expect((await app.request(`/pictures/${'0'.repeat(36)}/picture.png`)).status).toBe(400);
  });
});
