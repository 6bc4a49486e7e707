import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem, type FileSystem } from '../runtime/atomic-file.js';
import { writeSafetensors } from '../runtime/safetensors.js';
import { loadWeights, readCheckpointState } from './checkpoint.js';
import { ArrayStore, CountingSource, quadraticPhase, quadraticSteps } from './quadratic.test-helper.js';
import { Trainer } from './trainer.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-checkpoint-'));
  path = join(folder, 'last.safetensors');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function trainer(settings: object = {}, shape: readonly number[] = [2, 3]) {
  const store = new ArrayStore({ weight: shape });
  const phases = [quadraticPhase({ source: new CountingSource() })];
  const created = await Trainer.create({ stores: { model: store }, phases, createStep: quadraticSteps(), settings });
  return { store, trainer: created };
}

/** A disk with room for so many bytes. */
function diskOf(bytes: number): FileSystem {
  let free = bytes;
  return {
    ...nodeFileSystem,
    async create(file) {
      const handle = await nodeFileSystem.create(file);
      return {
        ...handle,
        async write(part) {
          await handle.write(part.subarray(0, Math.max(0, free)));
          free -= part.byteLength;
          if (free < 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        },
      };
    },
  };
}

describe('checkpoints', () => {
  it('bring another trainer to the same place', async () => {
    const first = await trainer({ average: {} });
    for (let step = 0; step < 7; step++) await first.trainer.step();
    await first.trainer.save(path, { note: 'seven' });
    const second = await trainer({ average: {} });
    expect(await second.trainer.load(path)).toEqual({ note: 'seven' });
    expect(second.trainer.stepsDone).toBe(7);
    expect(second.store.buffers).toEqual(first.store.buffers);
    expect(await second.trainer.step()).toEqual(await first.trainer.step());
    expect(second.store.buffers).toEqual(first.store.buffers);
  });

  it('survive a disk that fills up at any byte of the next one', async () => {
    const { trainer: running } = await trainer();
    await running.step();
    await running.save(path);
    const before = await readFile(path);
    await running.step();
    for (let bytes = 0; bytes < before.length; bytes += 37) {
      const saving = running.save(path, null, diskOf(bytes));
      await expect(saving).rejects.toMatchObject({
        message: expect.stringContaining(`The disk is full: ${path}`) as unknown,
        advice: expect.stringContaining('Free some space') as unknown,
      });
      expect(await readFile(path)).toEqual(before);
      expect(await readdir(folder)).toEqual(['last.safetensors']);
    }
    await running.save(path);
    expect(await readCheckpointState(path)).toMatchObject({ trainer: { step: 2 } });
  });

  it('are refused when they are of another model, optimizer, seed or kind, and change nothing then', async () => {
    const first = await trainer();
    await first.trainer.step();
    await first.trainer.save(path);
    const wider = await trainer({}, [2, 4]);
    await expect(wider.trainer.load(path)).rejects.toThrow(
      /model\/parameters\/weight": .* needs \[2, 4\], .* has \[2, 3\]/,
    );
    const averaged = await trainer({ average: {} });
    await expect(averaged.trainer.load(path)).rejects.toThrow(/model\/average\/weight".* has no such tensor/);
    expect(averaged.store.buffers.parameters['weight']).toEqual(new Float32Array(6));
    await expect((await trainer({ seed: 2 })).trainer.load(path)).rejects.toThrow(/seed 1, this one has 2/);
    await writeSafetensors({ path, tensors: [] });
    await expect(first.trainer.load(path)).rejects.toThrow(/not a checkpoint/);
  });

  it('with weights alone give a model, not a run', async () => {
    const { store, trainer: running } = await trainer({ average: {} });
    for (let step = 0; step < 3; step++) await running.step();
    await running.saveWeights(path);
    await expect(running.load(path)).rejects.toThrow(/weights alone/);
    for (const from of ['parameters', 'average'] as const) {
      const other = new ArrayStore({ weight: [2, 3] });
      await loadWeights({ path, stores: { model: other }, from });
      expect(other.buffers.parameters).toEqual(store.buffers[from]);
    }
  });
});
