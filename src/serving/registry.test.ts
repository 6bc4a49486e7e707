import { mkdir, writeFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findModels, modelSource } from './model-folders.js';
import { ModelRegistry, type Servable } from './registry.js';
import { temporaryFolder } from './tiny-models.test-helper.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** Something that has the files of a model. */
async function fakeModel(path: string, config: object = { model_type: 'descent-gpt', kind: 'language-model' }) {
  const at = join(folder.path, path);
  await mkdir(at, { recursive: true });
  await writeFile(join(at, 'config.json'), JSON.stringify(config));
  await writeFile(join(at, 'model.safetensors'), 'x'.repeat(100));
  return at;
}

describe('models by name', () => {
  it('are found as models, as runs, and in folders of runs', async () => {
    const alone = await fakeModel('somewhere/plain');
    await fakeModel('runs/vae/model', { model_type: 'descent-image' });
    await fakeModel('runs/quickstart/4-aligned/model');
    await fakeModel('runs/quickstart/3-reward/model', { model_type: 'descent-gpt', kind: 'reward-model' });
    await fakeModel('runs/foreign/model', { model_type: 'llama' });
    await fakeModel('runs/half/model.partial');
    await mkdir(join(folder.path, 'runs', 'empty'));
    const runs = join(folder.path, 'runs');
    const names = async (...texts: string[]) => [...(await findModels(texts.map(modelSource))).keys()];
    expect(await names(runs)).toEqual(['quickstart/3-reward', 'quickstart/4-aligned', 'vae']);
    expect(await names(join(runs, 'quickstart'))).toEqual(['3-reward', '4-aligned']);
    expect(await names(join(runs, 'vae'), join(runs, 'vae', 'model'), alone)).toEqual(['vae', 'plain']);
    expect(await names(`digits=${join(runs, 'vae')}`, `all=${runs}`)).toEqual([
      ...['digits', 'all/quickstart/3-reward', 'all/quickstart/4-aligned', 'all/vae'],
    ]);
    expect(await names(join(folder.path, 'nowhere'))).toEqual([]);
    const found = await findModels([modelSource(runs)]);
    expect([...found.values()].map(({ kind }) => kind)).toEqual(['reward-model', 'language-model', 'image-model']);
  });
});

interface Fake extends Servable {
  readonly name: string;
}

async function setUp(memory: number, freshSeconds = 0) {
  for (const name of ['a', 'b', 'c']) await fakeModel(`${name}/model`);
  const log: string[] = [];
  const registry = new ModelRegistry<Fake>({
    sources: [{ path: folder.path }],
    memory,
    freshSeconds,
    load: async ({ name }) => {
      log.push(`+${name}`);
      await Promise.resolve();
      if (name === 'c') throw new Error('damaged');
      return { name, bytes: 100, dispose: () => Promise.resolve(void log.push(`-${name}`)) };
    },
  });
  const use = async (name: string): Promise<void> => (await registry.acquire(name)).release();
  return { registry, log, use };
}

describe('a registry', () => {
  it('loads a model once, however many ask for it at the same time', async () => {
    const { registry, log } = await setUp(1000);
    const leases = await Promise.all([registry.acquire('a'), registry.acquire('a')]);
    expect(log).toEqual(['+a']);
    expect(registry.loaded).toEqual([{ name: 'a', bytes: 100, users: 2 }]);
    for (const lease of leases) {
      lease.release();
      lease.release();
    }
    expect(registry.loaded[0]!.users).toBe(0);
  });

  it('finds a model as soon as it is there, however fresh what it knows is', async () => {
    const { registry } = await setUp(1000, 3600);
    await expect(registry.find('new')).rejects.toThrow(/no model named 'new'/);
    await fakeModel('new/model');
    expect((await registry.find('new')).name).toBe('new');
  });

  it('keeps to its memory: what was unused for longest goes, and nothing that is in use', async () => {
    const { registry, log, use } = await setUp(150);
    await use('a');
    await use('b');
    expect(log).toEqual(['+a', '-a', '+b']);
    const lease = await registry.acquire('b');
    await expect(registry.acquire('a')).rejects.toMatchObject({ status: 503, code: 'out_of_memory' });
    lease.release();
    await use('a');
    expect(log.slice(3)).toEqual(['-b', '+a']);
  });

  it('unloads by name, unless in use', async () => {
    const { registry, log } = await setUp(1000);
    const lease = await registry.acquire('a');
    await expect(registry.unload('a')).rejects.toMatchObject({ status: 409 });
    lease.release();
    expect(await registry.unload('a')).toBe(true);
    expect(await registry.unload('a')).toBe(false);
    expect(log).toEqual(['+a', '-a']);
  });

  it('loads a model anew that was trained again, and lets the old one finish', async () => {
    const { registry, log, use } = await setUp(1000);
    const lease = await registry.acquire('a');
    await utimes(join(folder.path, 'a', 'model', 'model.safetensors'), new Date(), new Date(Date.now() + 5000));
    await use('a');
    expect(log).toEqual(['+a', '+a']);
    lease.release();
    await registry.dispose();
    expect(log).toEqual(['+a', '+a', '-a', '-a']);
  });

  it('tells of a damaged model, and tries again the next time', async () => {
    const { registry, log } = await setUp(1000);
    for (const _ of [1, 2]) await expect(registry.acquire('c')).rejects.toThrow('damaged');
    expect(log).toEqual(['+c', '+c']);
    expect(registry.loaded).toEqual([]);
    await expect(registry.acquire('d')).rejects.toThrow(/no model named 'd'/);
  });
});
