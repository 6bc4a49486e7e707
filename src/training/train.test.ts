import { appendFileSync, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DivergenceError } from '../errors.js';
import { withSmallDisk } from '../runtime/small-disk.test-helper.js';
import { readJsonLines, type LogLine } from './json-lines.js';
import { ArrayStore, CountingSource, quadraticPhase, quadraticSteps } from './quadratic.test-helper.js';
import { RunFolder } from './run-folder.js';
import { train, type TrainOptions } from './train.js';
import { float32 } from '../tensor/index.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'descent-train-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const settings = {
  steps: 20,
  accumulation: 2,
  average: { decay: 0.9 },
  schedule: { learningRate: 0.05, warmupSteps: 3 },
  evaluateEvery: 5,
  sampleEvery: 10,
};

/** One session of a run in `folder`, on a store of its own. */
async function session(name: string, overrides: Partial<TrainOptions<ArrayStore>> = {}) {
  const store = new ArrayStore({ weight: [2, 3] });
  const folder = await RunFolder.open({ path: join(root, name), config: { training: settings } });
  try {
    const result = await train({
      stores: { model: store },
      phases: [quadraticPhase()],
      createStep: quadraticSteps(),
      settings,
      folder,
      evaluate: () => Promise.resolve({ sum: store.buffers.parameters['weight']!.reduce((a, b) => a + b, 0) }),
      best: { metric: 'sum', mode: 'max' },
      sample: ({ step }) => Promise.resolve(`sample of step ${step}`),
      ...overrides,
    });
    return { store, result, folder };
  } finally {
    await folder.close();
  }
}

/** A source that aborts when it has been asked so often. */
function abortingAfter(batches: number, controller: AbortController): CountingSource {
  const source = new CountingSource();
  const next = source.next.bind(source);
  let asked = 0;
  source.next = () => {
    if (++asked === batches) controller.abort();
    return next();
  };
  return source;
}

/** Writes until nothing more fits. */
function fillUp(path: string): void {
  for (const size of [4096, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch {
      // Full.
    }
  }
}

async function withoutTimes(path: string): Promise<LogLine[]> {
  const lines = await readJsonLines(path);
  return lines.map(({ step, ...rest }) => {
    const kept = Object.entries(rest).filter(([key]) => key !== 'seconds' && key !== 'tokensPerSecond');
    return { step, ...Object.fromEntries(kept) };
  });
}

describe('train', () => {
  it('runs to the end, logs every step, evaluates, samples and keeps best and last', async () => {
    const { result, folder } = await session('whole');
    expect(result).toMatchObject({ status: 'finished', step: 20, tokens: 20 * 2 * 4 });
    const lines = await readJsonLines(folder.metrics.path);
    expect(lines.filter((line) => 'loss' in line).map(({ step }) => step)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(lines.filter((line) => 'evaluation' in line).map(({ step }) => step)).toEqual([5, 10, 15, 20]);
    expect((await readJsonLines(folder.samples.path)).map(({ step }) => step)).toEqual([10, 20]);
    expect(existsSync(folder.checkpoint('last'))).toBe(true);
    expect(existsSync(folder.checkpoint('best'))).toBe(true);
    const status = JSON.parse(await readFile(join(folder.path, 'status.json'), 'utf8')) as object;
    expect(status).toMatchObject({ status: 'finished', step: 20, steps: 20 });
  });

  it('runs a phase between its steps alone, with a schedule that spans them', async () => {
    const source = new CountingSource();
    const later = quadraticPhase({ name: 'later', source, during: { from: 10, until: 15 } });
    const { folder } = await session('two phases', { phases: [quadraticPhase(), later] });
    expect(source.count).toBe(5 * settings.accumulation);
    const rates = (await readJsonLines(folder.metrics.path)).flatMap(({ step, ...line }) =>
      'later.learningRate' in line ? [[step, line['later.learningRate'] as number] as const] : [],
    );
    expect(rates.map(([step]) => step)).toEqual([11, 12, 13, 14, 15]);
    // A warm-up of three steps, from a quarter of the peak.
    expect(rates.slice(0, 3).map(([, rate]) => Math.round((400 * rate) / settings.schedule.learningRate))).toEqual([
      100, 200, 300,
    ]);
  });

  it('takes the same steps resumed as unbroken: parameters, moments, average and log, bit for bit', async () => {
    const whole = await session('whole');
    // Aborts within steps 4, 5 (where an evaluation is due), 10 (samples too), 19 and 20 of the run.
    for (const stops of [[7], [9], [1, 2, 2, 2, 2], [19, 3], [40]]) {
      const name = `broken-${stops.join('-')}`;
      for (const batches of stops) {
        const controller = new AbortController();
        const source = abortingAfter(batches, controller);
        const { result } = await session(name, { phases: [quadraticPhase({ source })], signal: controller.signal });
        expect(result.status).toBe('interrupted');
      }
      const { store, result, folder } = await session(name);
      expect(result).toMatchObject({ status: 'finished', step: 20, best: whole.result.best });
      expect(store.buffers).toEqual(whole.store.buffers);
      expect(await withoutTimes(folder.metrics.path)).toEqual(await withoutTimes(whole.folder.metrics.path));
      expect(await withoutTimes(folder.samples.path)).toEqual(await withoutTimes(whole.folder.samples.path));
    }
  });

  it('returns at once when the run is finished already', async () => {
    const first = await session('done');
    const again = await session('done', {
      createStep: () =>
        Promise.resolve({
          compileSeconds: 0,
          accumulate: () => Promise.reject(new Error('a finished run takes no steps')),
          apply: () => Promise.reject(new Error('a finished run takes no steps')),
        }),
    });
    expect(again.result).toMatchObject({ status: 'finished', step: 20, evaluation: first.result.evaluation });
    expect(again.store.buffers.parameters).toEqual(first.store.buffers.parameters);
  });

  it('saves only where the source can be resumed', async () => {
    class Rollouts extends CountingSource {
      resumable(): boolean {
        return this.count % 8 === 0; // Four steps of two batches each.
      }
    }
    const controller = new AbortController();
    const source = new Rollouts();
    const { result } = await session('rollouts', {
      phases: [quadraticPhase({ source })],
      signal: controller.signal,
      progress: {
        step: ({ step }) => {
          if (step === 5) controller.abort();
        },
      },
    });
    expect(result).toMatchObject({ status: 'interrupted', step: 8 });
  });

  it('stops at a loss that is not a number, and keeps the last good checkpoint', async () => {
    const diverging = session('nan', {
      settings: { ...settings, accumulation: 1, checkpointEvery: 4 },
      createStep: quadraticSteps({ loss: (step, loss) => (step === 11 ? NaN : loss) }),
    });
    const error = await diverging.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as DivergenceError).message).toMatch(/step 11 .*loss is NaN, the gradient norm 0\.\d+/);
    expect((error as DivergenceError).advice).toMatch(/learning rate.*last good checkpoint/s);
    const { result, store } = await session('nan', { settings: { ...settings, accumulation: 1 } });
    const unbroken = await session('unbroken', { settings: { ...settings, accumulation: 1 } });
    expect(result.status).toBe('finished');
    expect(store.buffers.parameters).toEqual(unbroken.store.buffers.parameters);
  });

  it('stops clearly when the disk is full, and goes on when it no longer is', async ({ skip }) => {
    const whole = await session('whole');
    const disk = join(root, 'disk');
    const mounted = await withSmallDisk(disk, 256, async () => {
      const filled = session('disk/run', {
        settings: { ...settings, checkpointEvery: 2 },
        progress: {
          step: ({ step }) => {
            if (step === 9) fillUp(join(disk, 'ballast'));
          },
        },
      });
      await expect(filled).rejects.toMatchObject({
        message: expect.stringMatching(/^The disk is full: /) as unknown,
        advice: expect.stringContaining('Free some space') as unknown,
      });
      await rm(join(disk, 'ballast'));
      const { result, store } = await session('disk/run');
      expect(result.status).toBe('finished');
      expect(store.buffers).toEqual(whole.store.buffers);
    });
    if (!mounted) skip('a small file system cannot be mounted here');
  });

  it('stops at a loss that explodes', async () => {
    const exploding = quadraticSteps({ loss: (step, loss) => loss + (step > 12 ? 3 ** (step - 12) : 0) });
    await expect(session('exploding', { createStep: exploding })).rejects.toThrow(
      /step 1[3-6] .*exploding loss .*gradient norm/,
    );
    const tolerated = await session('tolerated', {
      createStep: exploding,
      phases: [quadraticPhase({ guarded: false })],
    });
    expect(tolerated.result.status).toBe('finished');
  });

  it('runs phases in turn on disjoint parameters of one store', async () => {
    const store = new ArrayStore({ 'generator.weight': [3], 'critic.weight': [3] });
    const images = new CountingSource();
    const noise = new CountingSource();
    const generator = quadraticPhase({
      name: 'generator',
      source: noise,
      every: 5,
      trainable: (path) => path.startsWith('generator.'),
    });
    const critic = quadraticPhase({ name: 'critic', source: images, trainable: (path) => path.startsWith('critic.') });
    const folder = await RunFolder.open({ path: join(root, 'gan'), config: null });
    await train({
      stores: { model: store },
      phases: [critic, generator],
      createStep: quadraticSteps(),
      settings: { steps: 10 },
      folder,
    });
    await folder.close();
    expect(images.count).toBe(10);
    expect(noise.count).toBe(2);
    const lines = await readJsonLines(folder.metrics.path);
    expect(lines[3]).toHaveProperty(['critic.loss']);
    expect(lines[3]).not.toHaveProperty(['generator.loss']);
    expect(lines[4]).toHaveProperty(['generator.loss']);
  });

  it('averages what each phase moves once a step, whichever phases there are', async () => {
    const moving = (part: string) => (path: string) => path.startsWith(part);
    const players = { generator: { weight: float32(3) }, critic: { weight: float32(3), bias: float32(2) } };
    const nothing = () => Promise.resolve({ loss: 0, metrics: {}, gradientNorm: 0, applied: true });
    const averaged = async (extra: Parameters<typeof quadraticPhase>[0][]) => {
      const store = new ArrayStore({ 'generator.weight': [3], 'critic.weight': [3], 'critic.bias': [2] });
      await train({
        stores: { model: store },
        phases: [
          { name: 'critic', trainable: moving('critic.') },
          { name: 'generator', every: 3, trainable: moving('generator.') },
          ...extra,
        ].map((each) => quadraticPhase({ ...each, parameters: players })),
        createStep: async (definition) => {
          const step = await quadraticSteps()(definition);
          return definition.name === 'still' ? { ...step, accumulate: nothing, apply: nothing } : step;
        },
        settings: { steps: 9, average: { decay: 0.5, warmup: false } },
      });
      return store.buffers;
    };
    const plain = await averaged([]);
    for (const path of ['generator.weight', 'critic.weight', 'critic.bias'])
      expect(plain.average[path]).not.toEqual(plain.average[path]!.map(() => 0));
    // A phase over a part of what another moves, which itself leaves all as it is: nothing is averaged twice.
    expect(await averaged([{ name: 'still', trainable: moving('critic.bias') }])).toEqual(plain);
  });

  it('counts the updates of moments that phases share', async () => {
    const counts: number[] = [];
    const steps = quadraticSteps();
    const parameters = { critic: { weight: float32(3) }, generator: { weight: float32(3) } };
    const phaseOf = (name: string, part: string, every = 1) =>
      quadraticPhase({ name, every, parameters, trainable: (path) => path.startsWith(part) });
    await train({
      stores: { model: new ArrayStore({ 'critic.weight': [3], 'generator.weight': [3] }) },
      phases: [phaseOf('critic', 'critic.'), phaseOf('penalty', 'critic.', 2), phaseOf('generator', 'generator.')],
      createStep: async (definition) => {
        const step = await steps(definition);
        const apply: typeof step.apply = (options) => {
          if (definition.name !== 'generator') counts.push(options.step);
          return step.apply(options);
        };
        return { ...step, apply };
      },
      settings: { steps: 4 },
    });
    expect(counts).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('shows and logs what a watch says, once', async () => {
    const shown: string[] = [];
    const folder = await RunFolder.open({ path: join(root, 'watched'), config: null });
    await train({
      stores: { model: new ArrayStore({ weight: [3] }) },
      phases: [quadraticPhase()],
      createStep: quadraticSteps(),
      settings: { steps: 300 },
      folder,
      watch: ({ loss }) => ({ low: loss !== undefined && loss < 1 ? 'low' : undefined }),
      progress: {
        warning: ({ step, message }) => {
          shown.push(`${step}: ${message}`);
        },
      },
    });
    await folder.close();
    expect(shown).toEqual(['200: low']);
    const lines = await readJsonLines(folder.metrics.path);
    expect(lines.filter((line) => 'warning' in line)).toEqual([{ step: 200, warning: 'low' }]);
  });

  it("adds the gradients of a phase's losses before one step", async () => {
    const store = new ArrayStore({ weight: [3] });
    const extra = quadraticPhase({ name: 'pretraining' });
    const phase = quadraticPhase({ name: 'policy', also: [{ ...extra, weight: 0.5 }] });
    const reports: Readonly<Record<string, number>>[] = [];
    await train({
      stores: { model: store },
      phases: [phase],
      createStep: quadraticSteps(),
      settings: { steps: 1 },
      progress: {
        step: ({ metrics }) => {
          reports.push(metrics);
        },
      },
    });
    const report = reports[0]!;
    expect(report['loss']).toBeCloseTo(report['policy.loss']! + 0.5 * report['pretraining.loss']!, 6);
  });
});
