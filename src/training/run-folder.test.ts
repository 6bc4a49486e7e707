import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJsonLines } from './json-lines.js';
import { RunFolder, listRuns } from './run-folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'descent-runs-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const config = { model: { layers: 2 }, training: { steps: 10, seed: 1 } };

async function withCheckpoint(path: string): Promise<void> {
  const folder = await RunFolder.open({ path, config });
  await writeFile(folder.checkpoint('last'), 'a checkpoint');
  await folder.metrics.append({ step: 1, loss: 2 });
  await folder.close();
}

describe('RunFolder', () => {
  it('holds the settings and where they ran', async () => {
    const folder = await RunFolder.open({ path: join(root, 'a'), config });
    await folder.close();
    expect(JSON.parse(await readFile(join(folder.path, 'config.json'), 'utf8'))).toEqual(config);
    const [environment] = JSON.parse(await readFile(join(folder.path, 'environment.json'), 'utf8')) as object[];
    expect(environment).toMatchObject({ node: process.versions.node });
    expect(environment).toHaveProperty('cpu');
    expect(environment).toHaveProperty('versions');
  });

  it('refuses to resume under other settings, naming them; more steps are welcome', async () => {
    const path = join(root, 'a');
    await withCheckpoint(path);
    const other = { model: { layers: 3 }, training: { steps: 20, seed: 1 } };
    await expect(RunFolder.open({ path, config: other })).rejects.toThrow(/model\.layers: 2 then, 3 now\)/);
    const longer = await RunFolder.open({ path, config: { ...config, training: { steps: 20, seed: 1 } } });
    expect(longer.resumed).toBe(true);
    await longer.close();
    expect(await readJsonLines(longer.metrics.path)).toHaveLength(1);
  });

  it('begins anew only when asked to', async () => {
    const path = join(root, 'a');
    await expect(RunFolder.open({ path, config, resume: 'required' })).rejects.toThrow(/no checkpoint/);
    await withCheckpoint(path);
    const folder = await RunFolder.open({ path, config: { model: 'another' }, resume: 'never' });
    await folder.close();
    expect(folder.resumed).toBe(false);
    expect(await readJsonLines(folder.metrics.path)).toEqual([]);
  });

  it('goes on with a log as if what came after the checkpoint had not been', async () => {
    const folder = await RunFolder.open({ path: join(root, 'a'), config });
    await folder.metrics.append({ step: 1, loss: NaN });
    const sizes = await folder.syncLogs();
    await folder.metrics.append({ step: 2, loss: 1 });
    await writeFile(folder.samples.path, '{"step": 2, "cut sh');
    await folder.truncateLogs(sizes);
    await folder.metrics.append({ step: 2, loss: 3 });
    expect(await readJsonLines(folder.metrics.path)).toEqual([
      { step: 1, loss: null },
      { step: 2, loss: 3 },
    ]);
    expect(await readFile(folder.samples.path, 'utf8')).toBe('');
    await folder.close();
  });

  it('is at work while this very process trains, and not where an earlier one had its number', async () => {
    const path = join(root, 'a');
    const folder = await RunFolder.open({ path, config });
    await folder.setState({ status: 'running', step: 3, steps: 10, seconds: 1 });
    await folder.close();
    const seen = async (): Promise<unknown> => (await listRuns(root))[0]?.state?.status;
    expect(await seen()).toBe('running');
    await (await RunFolder.open({ path, config })).close();
    const statusPath = join(path, 'status.json');
    const status = JSON.parse(await readFile(statusPath, 'utf8')) as object;
    await writeFile(statusPath, JSON.stringify({ ...status, updated: '2020-01-01T00:00:00Z' }));
    expect(await seen()).toBe('killed');
    await (await RunFolder.open({ path, config })).close();
  });

  it('is held by one living process at a time', async () => {
    const path = join(root, 'a');
    const folder = await RunFolder.open({ path, config });
    await folder.setState({ status: 'running', step: 3, steps: 10, seconds: 1 });
    await folder.close();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const statusPath = join(path, 'status.json');
    const status = JSON.parse(await readFile(statusPath, 'utf8')) as object;
    await writeFile(statusPath, JSON.stringify({ ...status, process: { id: other.pid, host: hostname() } }));
    await expect(RunFolder.open({ path, config })).rejects.toThrow(/is training in/);
    const exited = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await exited;
    expect((await listRuns(root)).map(({ state }) => state?.status)).toEqual(['killed']);
    await (await RunFolder.open({ path, config })).close();
  });
});

describe('listRuns', () => {
  it('lists the latest first, and nothing but runs', async () => {
    for (const name of ['first', 'second']) {
      const folder = await RunFolder.open({ path: join(root, name), config });
      await folder.setState({ status: 'finished', step: 10, steps: 10, seconds: 1 });
      await folder.close();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await writeFile(join(root, 'a file'), '');
    const runs = await listRuns(root);
    expect(runs.map(({ name, state }) => [name, state?.status])).toEqual([
      ['second', 'finished'],
      ['first', 'finished'],
    ]);
    expect(runs[0]?.config).toEqual(config);
    expect(await listRuns(join(root, 'none'))).toEqual([]);
  });
});
