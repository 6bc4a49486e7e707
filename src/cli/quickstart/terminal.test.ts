import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunView } from '../../serving/studio/wire.js';
import { temporaryFolder } from '../../serving/tiny-models.test-helper.js';
import { tinyQuickstart } from './tiny.test-helper.js';

/** The quickstart as `npm start` begins it in a terminal: with the Studio over what it does, and a chat at its end. */

/** Gives a command a terminal; part of every Linux. */
const script = '/usr/bin/script';
const tsx = createRequire(import.meta.url).resolve('tsx');
const main = fileURLToPath(new URL('../main.ts', import.meta.url));

const small = tinyQuickstart({ pretraining: 30, supervised: 10, iterations: 2 });

describe.skipIf(!existsSync(script))('descent quickstart in a terminal', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'small.json'), JSON.stringify(small));
  });
  afterAll(() => folder.remove());

  it('shows itself in the Studio from the first step, and each stage can be talked to while the next is trained', async () => {
    const words = ['--import', tsx, main, 'quickstart', '--config', 'small.json', '--port', '0', '--threads', '1'];
    const command = [process.execPath, ...words].map((word) => `'${word}'`).join(' ');
    const child = spawn(script, ['-qfec', command, '/dev/null'], { cwd: folder.path });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const until = async <Value>(ask: () => Promise<Value | undefined> | Value | undefined): Promise<Value> => {
      for (;;) {
        // A connection may break where it is busy for long; where it has ended, what it said tells why.
        const value = await Promise.resolve(ask()).catch(() => undefined);
        if (value !== undefined) return value;
        if (child.exitCode !== null) throw new Error(said);
        await sleep(50);
      }
    };
    try {
      const url = await until(() => /Studio.*?(http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1]);
      const run = async (stage: string): Promise<RunView | undefined> =>
        ((await (await fetch(`${url}/api/runs`)).json()) as RunView[]).find(({ id }) => id === `quickstart/${stage}`);
      const first = await until(async () => {
        const found = await run('1-pretrained');
        return (found?.progress?.step ?? 0) > 0 ? found : undefined;
      });
      expect(first.hasModel).toBe(false);
      expect(first.state?.status).toBe('running');

      const post = async (path: string, body: object): Promise<void> => {
        const asked = { method: 'POST', body: JSON.stringify({ ...body, max_tokens: 2 }) };
        const response = await fetch(`${url}/v1/${path}`, asked);
        expect(response.status, await response.text()).toBe(200);
      };
      const messages = [{ role: 'user', content: 'Who are you?' }];
      await until(async () => ((await run('1-pretrained'))?.hasModel === true ? true : undefined));
      await post('completions', { model: 'quickstart/1-pretrained', prompt: 'The' });
      await until(async () => ((await run('2-supervised'))?.hasModel === true ? true : undefined));
      await post('chat/completions', { model: 'quickstart/2-supervised', messages });
      expect((await run('4-aligned'))?.hasModel ?? false).toBe(false);

      await until(() => (said.includes('Say something') ? true : undefined));
      // What one reads last is where the Studio is, and it is still there.
      expect(said.slice(said.indexOf('Report'))).toContain(url);
      await post('chat/completions', { model: 'quickstart/4-aligned', messages });
      child.stdin.write('/quit\n');
      expect(await ended).toBe(0);
      await expect(fetch(url)).rejects.toThrow();
    } finally {
      child.kill('SIGKILL');
    }
  });
});
