import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DivergenceError } from '../errors.js';
import { Engine } from '../runtime/engine.js';
import { SafetensorsFile } from '../runtime/safetensors.js';
import { trainStepsOn } from './backend.js';
import { readCheckpointState } from './checkpoint.js';
import { PointSource, networkPhase, networkRun, networkSettings, networkStore } from './engine.test-helper.js';
import { readJsonLines } from './json-lines.js';
import { RunFolder } from './run-folder.js';
import { train } from './train.js';
import { Trainer } from './trainer.js';

let root: string;
let engine: Engine;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'descent-engine-'));
  engine = await Engine.create({ threads: 1 });
});
afterAll(async () => {
  await engine.dispose();
  await rm(root, { recursive: true, force: true });
});

/** Everything that a checkpoint holds, times left out. */
async function contentOf(path: string) {
  const file = await SafetensorsFile.open(path);
  const tensors: Record<string, string> = {};
  for (const name of file.tensors.keys()) {
    const values = await file.readFloat32(name);
    tensors[name] = Buffer.from(values.buffer).toString('hex');
  }
  await file.close();
  const { trainer, extra } = (await readCheckpointState(path)) as { trainer: unknown; extra: Record<string, unknown> };
  return { tensors, trainer, evaluation: extra['evaluation'], best: extra['best'] };
}

async function logOf(path: string) {
  const lines = await readJsonLines(path);
  return lines.map((line) => ({ ...line, seconds: 0, tokensPerSecond: 0 }));
}

/** Runs the training process until `stop` says how to end it after a step; resolves to its exit. */
function trainingProcess(path: string, stop: (step: number) => { signal: NodeJS.Signals; after: number } | undefined) {
  const script = fileURLToPath(new URL('./killed.test-helper.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let stopping = false;
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString();
    const step = Number(/step (\d+)\n(?!.*step)/s.exec(output)?.[1] ?? 0);
    const order = stop(step);
    if (order === undefined || stopping) return;
    stopping = true;
    setTimeout(() => child.kill(order.signal), order.after);
  });
  return new Promise<{ code: number | null; signal: string | null; output: string; errors: string }>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, output, errors });
    });
  });
}

describe('training on the engine', () => {
  it('ends bit for bit where an unbroken run does, killed with SIGKILL at random moments and interrupted', async () => {
    const unbroken = await RunFolder.open({ path: join(root, 'unbroken'), config: { training: networkSettings } });
    const result = await train({ ...(await networkRun(engine)), folder: unbroken });
    await unbroken.close();
    expect(result.status).toBe('finished');

    const path = join(root, 'killed');
    const moments: string[] = [];
    let killed = 0;
    for (let attempt = 0; ; attempt++) {
      const signal = attempt === 2 ? 'SIGINT' : 'SIGKILL';
      // Steps take about a millisecond, a checkpoint several: the delay falls anywhere in either.
      const stopAt = 8 + Math.floor(12 * Math.random()) + 18 * attempt;
      const after = 8 * Math.random();
      const exit = await trainingProcess(path, (step) =>
        attempt < 4 && step >= stopAt ? { signal, after } : undefined,
      );
      moments.push(`${signal} ${after.toFixed(1)} ms after step ${stopAt}: ${exit.output.trim().split('\n').at(-1)}`);
      if (exit.signal === 'SIGKILL') killed++;
      else expect(exit, moments.join('; ')).toMatchObject({ code: 0, errors: '' });
      if (existsSync(join(path, 'checkpoints', 'last.safetensors'))) {
        await contentOf(join(path, 'checkpoints', 'last.safetensors'));
      }
      if (exit.output.includes('finished')) break;
    }
    expect(killed, moments.join('; ')).toBeGreaterThan(0);
    const last = join('checkpoints', 'last.safetensors');
    expect(await contentOf(join(path, last)), moments.join('; ')).toEqual(await contentOf(join(unbroken.path, last)));
    for (const log of ['metrics.jsonl', 'samples.jsonl']) {
      expect(await logOf(join(path, log)), moments.join('; ')).toEqual(await logOf(join(unbroken.path, log)));
    }
  }, 180_000);

  it('adds the gradients of two losses on one store from the first step on', async () => {
    const moved = async (phases: Parameters<typeof networkPhase>[0][]) => {
      const store = await networkStore(engine);
      const [first, ...also] = phases.map((options) => networkPhase(options));
      const trainer = await Trainer.create({
        stores: { model: store },
        phases: [{ ...first!, also }],
        createStep: trainStepsOn(engine),
        settings: { optimizer: { kind: 'sgd' }, schedule: { learningRate: 0.1 }, clipNorm: null },
      });
      const before = await store.read();
      await trainer.step();
      const after = await store.read();
      await store.dispose();
      return after['second.weight']!.map((value, index) => value - before['second.weight']![index]!);
    };
    const both = await moved([
      { name: 'policy', rows: 64 },
      { name: 'pretraining', rows: 32, weight: 0.5 },
    ]);
    // The key of a loss depends on its phase and name, so each is measured beside an empty partner.
    const policy = await moved([
      { name: 'policy', rows: 64 },
      { name: 'pretraining', rows: 32, weight: 0 },
    ]);
    const pretraining = await moved([
      { name: 'policy', rows: 64, weight: 0 },
      { name: 'pretraining', rows: 32, weight: 0.5 },
    ]);
    both.forEach((value, index) => {
      expect(value).toBeCloseTo(policy[index]! + pretraining[index]!, 5);
    });
    expect(Math.hypot(...policy)).toBeGreaterThan(1e-3);
    expect(Math.hypot(...pretraining)).toBeGreaterThan(1e-3);
  });

  it('stops at a NaN before the parameters are touched', async () => {
    const store = await networkStore(engine);
    const source = new PointSource(64, 16);
    const next = source.next.bind(source);
    let asked = 0;
    source.next = () => (++asked === 4 ? { ...(next() as object), y: new Float32Array(64).fill(NaN) } : next());
    const trainer = await Trainer.create({
      stores: { model: store },
      phases: [networkPhase({ source })],
      createStep: trainStepsOn(engine),
    });
    for (let step = 0; step < 3; step++) await trainer.step();
    const before = await store.read();
    const step = trainer.step();
    await expect(step).rejects.toThrow(DivergenceError);
    await expect(step).rejects.toThrow(/step 4 .*the loss is NaN, the gradient norm NaN/);
    expect(await store.read()).toEqual(before);
    expect(trainer.stepsDone).toBe(3);
  });

  // Repeated when it fails: on a busy machine the system may hold this process, but a blocked loop fails every time.
  it("never holds the caller's event loop for 50 ms while the engine computes", { retry: 4 }, async () => {
    const store = await networkStore(engine, 1024, 2048);
    const phases = [networkPhase({ rows: 2048, width: 1024, hidden: 2048 })];
    const batch = phases[0]!.source.next();
    phases[0]!.source.next = () => batch;
    const trainer = await Trainer.create({ stores: { model: store }, phases, createStep: trainStepsOn(engine) });
    await trainer.step();
    let last = performance.now();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const durations: number[] = [];
    for (let step = 0; step < 3; step++) {
      const started = performance.now();
      await trainer.step();
      durations.push(performance.now() - started);
    }
    clearInterval(timer);
    await store.dispose();
    // The premise: a step inside ONNX Runtime is far longer than the pause that is allowed.
    expect(Math.min(...durations)).toBeGreaterThan(100);
    expect(longest).toBeLessThan(50);
  });
});
