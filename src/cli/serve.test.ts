import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveTinyModel, temporaryFolder } from '../serving/tiny-models.test-helper.js';
import { type Answer, start } from './descent.test-helper.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await saveTinyModel({ folder: join(folder.path, 'runs', 'chatty', 'model'), options: { contextLength: 512 } });
});
afterAll(() => folder.remove());

interface Served {
  readonly url: string;
  readonly models: readonly string[];
  readonly child: ChildProcess;
  readonly answer: Promise<Answer>;
}

/** Starts the command and waits until it listens. */
async function serve(...args: string[]): Promise<Served> {
  const { child, answer } = start(['serve', '--port', '0', '--json', '--threads', '1', ...args], { cwd: folder.path });
  let text = '';
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text);
    });
    void answer.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { ...(JSON.parse(line) as { url: string; models: string[] }), child, answer };
}

const ask = (url: string, fields: object, headers = {}): Promise<Response> =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'chatty', messages: [{ role: 'user', content: 'my secret' }], seed: 1, ...fields }),
  });

describe('descent serve', () => {
  it('serves the runs there are, logs no text, and finishes the answers under way when it is to end', async () => {
    const { url, models, child, answer } = await serve();
    expect(models).toEqual(['chatty']);
    expect((await ask(url, { max_tokens: 2 })).status).toBe(200);
    const stream = await ask(url, { max_tokens: 300, stream: true, logit_bias: { '0': -1 } });
    const reader = stream.body!.getReader();
    await reader.read();
    child.kill('SIGTERM');
    let text = '';
    for (let part = await reader.read(); part.done !== true; part = await reader.read()) {
      text += new TextDecoder().decode(part.value);
    }
    expect(text.trimEnd()).toMatch(/data: \[DONE\]$/);
    const { code, stderr } = await answer;
    expect(code).toBe(0);
    expect(stderr).toContain('"msg":"answered"');
    expect(stderr).not.toContain('secret');
  });

  it('tells those whose answers would take too long', async () => {
    const { url, child, answer } = await serve('--graceSeconds', '0', '--log', 'none');
    const stream = await ask(url, { max_tokens: 450, stream: true });
    const reader = stream.body!.getReader();
    await reader.read();
    child.kill('SIGINT');
    let text = '';
    for (let part = await reader.read(); part.done !== true; part = await reader.read()) {
      text += new TextDecoder().decode(part.value);
    }
    // Either there was time for all of it, or it says why there was not.
    expect(text).toMatch(/shutting_down|\[DONE\]/);
    expect((await answer).code).toBe(0);
  });

  it('wants a key for other machines', async () => {
    const { answer } = start(['serve', '--host', '0.0.0.0', '--port', '0'], { cwd: folder.path });
    const { code, stderr } = await answer;
    expect(code).toBe(1);
    expect(stderr).toMatch(/no API key/);
    await writeFile(join(folder.path, 'keys'), 'one\n\ntwo\n');
    const served = await serve('--key-file', 'keys', '--log', 'log/serve.jsonl', '--log-text', 'runs/chatty');
    expect((await ask(served.url, {})).status).toBe(401);
    expect((await ask(served.url, { max_tokens: 1 }, { authorization: 'Bearer two' })).status).toBe(200);
    served.child.kill('SIGTERM');
    await served.answer;
  });

  it('says what is wrong before it listens', async () => {
    const { stderr } = await start(['serve', 'nothing-here'], { cwd: folder.path }).answer;
    expect(stderr).toMatch(/There is nothing at nothing-here/);
    const wrong = await start(['serve', '--rows', '0'], { cwd: folder.path }).answer;
    expect(wrong.stderr).toMatch(/rows/);
  });
});
