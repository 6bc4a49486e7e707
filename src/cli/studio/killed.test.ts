import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SetProgress } from '../../serving/studio/labels/types.js';
import type { RunView } from '../../serving/studio/wire.js';
import { temporaryFolder } from '../../serving/tiny-models.test-helper.js';
import { start } from '../descent.test-helper.js';

/** The real command, ended at once and without a word. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: { readonly child: ChildProcess; readonly url: string } | undefined;
beforeAll(async () => {
  folder = await temporaryFolder();
  const text = Array.from({ length: 64 }, (_, index) => `The cat lives on hill ${index % 7}.`).join('\n');
  await writeFile(join(folder.path, 'text.txt'), text);
});
afterEach(() => kill());
afterAll(() => folder.remove());

async function studio(): Promise<string> {
  const { child, answer } = start(['studio', 'runs', '--port', '0', '--json', '--threads', '1'], { cwd: folder.path });
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve((JSON.parse(text) as { url: string }).url);
    });
    void answer.then(({ stderr }) => reject(new Error(stderr)));
  });
  server = { child, url };
  return url;
}

async function kill(): Promise<void> {
  if (server === undefined) return;
  const closed = once(server.child, 'close');
  server.child.kill('SIGKILL');
  server = undefined;
  await closed;
}

async function ask<Value>(path: string, body?: unknown): Promise<Value> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${server!.url}/api${path}`, body === undefined ? {} : post);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as Value;
}

describe('a Studio that is killed', () => {
  it('has lost no judgement that it had taken', async () => {
    await studio();
    const { id } = await ask<SetProgress>('/labels', { name: 'Set', heldOut: 0 });
    const prompts = Array.from({ length: 200 }, (_, index) => [{ role: 'user', content: `prompt ${index}` }]);
    await ask(`/labels/${id}/items`, { kind: 'demonstration', prompts });
    const taken: string[] = [];
    const label = async (labeler: string): Promise<void> => {
      for (;;) {
        const item = await ask<{ id: number }>(`/labels/${id}/next`, { labeler });
        const text = `${labeler} on ${item.id}`;
        await ask(`/labels/${id}/items/${item.id}`, { labeler, verdict: { kind: 'demonstration', text } });
        taken.push(text);
      }
    };
    const labelling = Promise.allSettled(['ann', 'bob', 'eve'].map(label));
    while (taken.length < 20) await sleep(1);
    await kill();
    await labelling;
    expect(taken.length).toBeLessThan(200);

    const url = await studio();
    const rows = (await (await fetch(`${url}/api/labels/${id}/export/demonstrations.jsonl`)).text()).trim().split('\n');
    const kept = rows.map((row) => (JSON.parse(row) as { messages: { content: string }[] }).messages.at(-1)!.content);
    expect(kept).toEqual(expect.arrayContaining(taken));
    expect(new Set(kept).size).toBe(kept.length);
    expect((await ask<SetProgress>(`/labels/${id}`)).done).toBe(kept.length);
    expect(await ask(`/labels/${id}/next`, { labeler: 'ann' })).not.toBeNull();
  });

  it('leaves its runs at work, and a run that is killed is seen as such, and resumed', async () => {
    await studio();
    const settings = {
      batchSize: 2,
      'model.layers': 1,
      'model.heads': 2,
      'model.width': 16,
      'model.contextLength': 32,
      'tokenizer.vocabularySize': 300,
      'training.steps': 1_000_000,
      'training.checkpointEvery': 20,
    };
    await ask('/runs', { id: 'mine', command: 'train', flags: { data: ['text.txt'], threads: '1' }, settings });
    const run = async (isSo: (run: RunView) => boolean): Promise<RunView> => {
      for (;;) {
        const found = (await ask<RunView[]>('/runs')).find(({ id }) => id === 'mine');
        if (found && isSo(found)) return found;
        await sleep(50);
      }
    };
    const isAtWork = ({ launch, state, progress }: RunView): boolean =>
      launch?.status === 'running' && state?.status === 'running' && (progress?.step ?? 0) > 0;
    await run((found) => isAtWork(found) && found.state!.step > 0);
    await kill();
    await studio();
    const { progress } = await run(isAtWork);
    await run((found) => found.progress!.step > progress!.step);

    const launch = await readFile(join(folder.path, 'runs', 'mine', 'launch.json'), 'utf8');
    process.kill((JSON.parse(launch) as { process: { id: number } }).process.id, 'SIGKILL');
    const killed = await run(({ state }) => state?.status === 'killed');
    expect(killed.launch).toMatchObject({ status: 'ended' });
    await ask('/run/resume?id=mine', {});
    const resumed = await run(isAtWork);
    // From its last checkpoint, not from the beginning.
    expect(resumed.progress!.step).toBeGreaterThanOrEqual(killed.state!.step);
    await ask('/run/stop?id=mine', {});
    await run(({ state }) => state?.status === 'interrupted');
  });
});
