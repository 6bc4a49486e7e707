import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as t from '../tensor/index.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import { Engine, type Store } from './engine.js';
import { createGraphOptimizer } from './graph-optimizer.js';
import { Program } from './program.js';
import { type OptimizerConfig, createTrainStep } from './train-step.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const parameters = {
  first: { weight: t.float32(3, 20), bias: t.float32(20) },
  second: { weight: t.float32(20, 2), bias: t.float32(2) },
};
const leaves = [
  { path: 'first.weight', shape: [3, 20] },
  { path: 'first.bias', shape: [20], decay: false },
  { path: 'second.weight', shape: [20, 2] },
  { path: 'second.bias', shape: [2], decay: false },
];
const random = counterRandom(3, 'train step', 0);
const normal = (size: number): Float32Array => fillNormal(random, new Float32Array(size));
const initial = Object.fromEntries(leaves.map(({ path, shape }) => [path, normal(shape.reduce((a, b) => a * b, 1))]));
const rows = 6;
const data = { x: normal(rows * 3), y: normal(rows * 2) };

const adamw: OptimizerConfig = { kind: 'adamw', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, momentum: 0 };

interface Setup {
  on?: Engine;
  lanes?: number;
  optimizer?: OptimizerConfig;
  clipNorm?: number;
  bankBytes?: number;
  batchRows?: number;
  trainable?: (path: string) => boolean;
  store?: Store;
}

async function createStore(bankBytes?: number, on = engine): Promise<Store> {
  const store = await on.createStore({ leaves, trainable: true, average: true, bankBytes });
  await store.write(initial);
  return store;
}

async function setUp({ optimizer = adamw, batchRows = rows, bankBytes, ...rest }: Setup = {}) {
  const { on = engine } = rest;
  const store = rest.store ?? (await createStore(bankBytes, on));
  const step = await createTrainStep(on, {
    ...rest,
    store,
    parameters,
    batch: { x: t.float32(batchRows, 3), y: t.float32(batchRows, 2) },
    loss: (p, { x, y }) => {
      const hidden = t.tanh(t.add(t.matmul(x, p.first.weight), p.first.bias));
      const error = t.sub(t.add(t.matmul(hidden, p.second.weight), p.second.bias), y);
      return { loss: t.mean(t.square(error)), metrics: { worst: t.max(t.abs(error)) } };
    },
    optimizer,
  });
  return { store, step };
}

/** The same model and optimizers with gradients by hand, in float64. */
function reference(config: OptimizerConfig, steps: number, clipNorm: number): Record<string, number[]> {
  const p = Object.fromEntries(Object.entries(initial).map(([path, values]) => [path, [...values]]));
  const m = Object.fromEntries(Object.entries(p).map(([path, values]) => [path, values.map(() => 0)]));
  const v = structuredClone(m);
  for (let step = 1; step <= steps; step++) {
    const g = Object.fromEntries(Object.entries(p).map(([path, values]) => [path, values.map(() => 0)]));
    for (let row = 0; row < rows; row++) {
      const h = Array.from({ length: 20 }, (_, j) => {
        let sum = p['first.bias']![j]!;
        for (let i = 0; i < 3; i++) sum += data.x[row * 3 + i]! * p['first.weight']![i * 20 + j]!;
        return Math.tanh(sum);
      });
      for (let k = 0; k < 2; k++) {
        let sum = p['second.bias']![k]!;
        for (let j = 0; j < 20; j++) sum += h[j]! * p['second.weight']![j * 2 + k]!;
        const back = (2 * (sum - data.y[row * 2 + k]!)) / (rows * 2);
        g['second.bias']![k]! += back;
        for (let j = 0; j < 20; j++) {
          g['second.weight']![j * 2 + k]! += back * h[j]!;
          const toHidden = back * p['second.weight']![j * 2 + k]! * (1 - h[j]! ** 2);
          g['first.bias']![j]! += toHidden;
          for (let i = 0; i < 3; i++) g['first.weight']![i * 20 + j]! += toHidden * data.x[row * 3 + i]!;
        }
      }
    }
    const norm = Math.sqrt(Object.values(g).flat().reduce((sum, value) => sum + value * value, 0)); // prettier-ignore
    const scale = Math.min(1, clipNorm / (norm + 1e-6));
    const rate = 0.01;
    for (const { path, decay = true } of leaves) {
      p[path] = p[path]!.map((value, i) => {
        const decayRate = decay ? config.weightDecay : 0;
        const gradient = g[path]![i]! * scale + (config.kind === 'adamw' ? 0 : decayRate * value);
        if (config.kind === 'sgd') {
          m[path]![i] = config.momentum * m[path]![i]! + gradient;
          return value - rate * m[path]![i];
        }
        m[path]![i] = config.beta1 * m[path]![i]! + (1 - config.beta1) * gradient;
        v[path]![i] = config.beta2 * v[path]![i]! + (1 - config.beta2) * gradient ** 2;
        const [c1, c2] = [1 - config.beta1 ** step, 1 - config.beta2 ** step];
        const kept = config.kind === 'adamw' ? value * (1 - rate * decayRate) : value;
        const change =
          config.epsilonInside === 'tensorflow'
            ? (Math.sqrt(c2) / c1) * (m[path]![i] / (Math.sqrt(v[path]![i]) + config.epsilon))
            : m[path]![i] / c1 / (Math.sqrt(v[path]![i] / c2) + config.epsilon);
        return kept - rate * change;
      });
    }
  }
  return p;
}

const expectParameters = (
  found: Record<string, Float32Array>,
  wanted: Record<string, ArrayLike<number>>,
  digits = 5,
): void => {
  for (const [path, values] of Object.entries(found)) {
    values.forEach((value, index) => expect(value, path).toBeCloseTo(wanted[path]![index]!, digits));
  }
};

const optimizers: [string, OptimizerConfig][] = [
  ['adamw', adamw],
  ['adamw, TensorFlow epsilon', { ...adamw, epsilon: 1e-3, epsilonInside: 'tensorflow' }],
  ['adam with decay in the gradient', { ...adamw, kind: 'adam', weightDecay: 0.05 }],
  ['sgd', { ...adamw, kind: 'sgd', momentum: 0 }],
  ['sgd with momentum', { ...adamw, kind: 'sgd', momentum: 0.9 }],
];

describe('createTrainStep', () => {
  it.each(optimizers)('%s: three clipped steps equal a float64 computation by hand', async (_name, optimizer) => {
    const { store, step } = await setUp({ optimizer, clipNorm: 0.5 });
    for (let index = 1; index <= 3; index++) {
      await step.accumulate(data, 1);
      expect((await step.apply({ learningRate: 0.01, step: index })).applied).toBe(true);
    }
    expectParameters(await store.read(), reference(optimizer, 3, 0.5));
    await store.dispose();
  });

  it.each(optimizers)('%s: the program for GPUs does what the kernels do', async (_name, optimizer) => {
    const store = await createStore();
    const specs = new Map(leaves.map(({ path, shape }) => [path, t.float32(...shape)]));
    const trained = leaves.map(({ path }) => path);
    const other = await createGraphOptimizer(engine, { store, optimizer, clipNorm: 0.5, trained, specs });
    for (let index = 1; index <= 3; index++) {
      const { step } = await setUp({ store });
      await step.accumulate(data, 1);
      await other.apply({ learningRate: 0.01, step: index });
    }
    expectParameters(await store.read(), reference(optimizer, 3, 0.5));
    await other.averageInto(0.75);
    const [average, now] = [await store.read('average'), await store.read()];
    for (const path of trained)
      average[path]!.forEach((value, i) => expect(value).toBeCloseTo(0.25 * now[path]![i]!, 6));
    await store.dispose();
  });

  it('adds micro-batches up to the gradient of the whole batch', async () => {
    const [whole, parts] = [await setUp(), await setUp({ batchRows: 2 })];
    const { loss, metrics } = await whole.step.accumulate(data, 1);
    expect(metrics['worst']).toBeGreaterThan(0);
    let sum = 0;
    for (const part of [0, 1, 2]) {
      const batch = { x: data.x.slice(part * 6, part * 6 + 6), y: data.y.slice(part * 4, part * 4 + 4) };
      sum += (await parts.step.accumulate(batch, 1 / 3)).loss / 3;
    }
    expect(sum).toBeCloseTo(loss, 5);
    expectParameters(await parts.store.read('gradients'), await whole.store.read('gradients'), 6);
    const norms = [
      await whole.step.apply({ learningRate: 0.1, step: 1 }),
      await parts.step.apply({ learningRate: 0.1, step: 1 }),
    ];
    expect(norms[1]!.gradientNorm).toBeCloseTo(norms[0]!.gradientNorm, 5);
    // The sum begins anew after apply().
    await parts.step.accumulate({ x: data.x.slice(0, 6), y: data.y.slice(0, 4) }, 0);
    expect((await parts.step.apply({ learningRate: 0, step: 2 })).gradientNorm).toBe(0);
  });

  it.each([2, 3])('side by side in %i lanes gives what it gives one after the other', async (lanes) => {
    const on = await Engine.create({ threads: 3 });
    try {
      const small = { batchRows: 2, clipNorm: 0.5, on };
      const sides = [await setUp(small), await setUp({ ...small, lanes, bankBytes: 1024 + 4 * 7 * 100 })] as const;
      const restarted = Object.fromEntries(
        Object.entries(initial).map(([path, values]) => [path, values.map((x) => -x)]),
      );
      const losses = await Promise.all(
        sides.map(async ({ store, step }) => {
          const found: number[] = [];
          for (let index = 1; index <= 3; index++) {
            if (index === 3) await store.write(restarted);
            const parts = [0, 1, 2, 0].map((part) => {
              const batch = { x: data.x.slice(part * 6, part * 6 + 6), y: data.y.slice(part * 4, part * 4 + 4) };
              return step.accumulate(batch, 1 / 4);
            });
            found.push(...(await Promise.all(parts)).map(({ loss }) => loss));
            await step.apply({ learningRate: 0.1, step: index });
          }
          return found;
        }),
      );
      losses[1]!.forEach((loss, index) => expect(loss).toBeCloseTo(losses[0]![index]!, 5));
      expectParameters(await sides[1].store.read(), await sides[0].store.read(), 5);
    } finally {
      await on.dispose();
    }
  });

  it('gives every lane the parameters before the first begins, since its worker is busy from then on', async () => {
    const on = await Engine.create({ threads: 2 });
    try {
      const { store, step } = await setUp({ on, lanes: 2 });
      const [gives, runs] = [vi.spyOn(store, 'put'), vi.spyOn(Program.prototype, 'run')];
      for (let index = 1; index <= 2; index++) {
        const first = step.accumulate(data, 0.5);
        // As where batches take a moment to come.
        await new Promise(setImmediate);
        await Promise.all([first, step.accumulate(data, 0.5)]);
        await step.apply({ learningRate: 0.1, step: index });
      }
      const [given, begun] = [gives, runs].map(({ mock }) => mock.invocationCallOrder) as [number[], number[]];
      expect(given).toHaveLength(2);
      expect(given[0]).toBeLessThan(begun[0]!);
      expect(given[1]).toBeLessThan(begun[2]!);
    } finally {
      vi.restoreAllMocks();
      await on.dispose();
    }
  });

  it('a micro-batch that fails in a lane fails for its caller, and the next one works', async () => {
    const on = await Engine.create({ threads: 2 });
    try {
      const { step } = await setUp({ on, lanes: 2 });
      const calls = await Promise.allSettled([step.accumulate(data, 1), step.accumulate({ x: data.x }, 1)]);
      expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect((await step.apply({ learningRate: 0.1, step: 1 })).applied).toBe(true);
      await Promise.all([step.accumulate(data, 0.5), step.accumulate(data, 0.5)]);
      expect((await step.apply({ learningRate: 0.1, step: 2 })).applied).toBe(true);
    } finally {
      await on.dispose();
    }
  });

  it('is the same with several banks', async () => {
    const [one, many] = [await setUp(), await setUp({ bankBytes: 1024 + 4 * 6 * 100 })];
    for (const { step } of [one, many]) {
      await step.accumulate(data, 0.5);
      await step.accumulate(data, 0.5);
      await step.apply({ learningRate: 0.01, step: 1 });
    }
    expect(await many.store.read()).toEqual(await one.store.read());
  });

  it('changes nothing when the gradients are not finite, and says so', async () => {
    const { store, step } = await setUp();
    const bad = { x: data.x.slice(), y: data.y.slice() };
    bad.y[0] = NaN;
    await step.accumulate(bad, 1);
    const before = await store.read();
    const outcome = await step.apply({ learningRate: 0.1, step: 1 });
    expect(outcome.applied).toBe(false);
    expect(outcome.gradientNorm).toBeNaN();
    expect(await store.read()).toEqual(before);
    expect((await store.read('firstMoment'))['first.bias']!.every((value) => value === 0)).toBe(true);
  });

  it('changes only what is trainable', async () => {
    const { store, step } = await setUp({ trainable: (path) => path.startsWith('second') });
    expect(step.trained).toEqual(['second.weight', 'second.bias']);
    await step.accumulate(data, 1);
    await step.apply({ learningRate: 0.1, step: 1 });
    const after = await store.read();
    expect(after['first.weight']).toEqual(initial['first.weight']);
    expect(after['second.weight']).not.toEqual(initial['second.weight']);
  });

  it('moves the average towards the parameters', async () => {
    const { store, step } = await setUp();
    await store.write(initial, 'average');
    await step.accumulate(data, 1);
    await step.apply({ learningRate: 0.1, step: 1 });
    await step.averageInto(0.9);
    const [average, now] = [await store.read('average'), await store.read()];
    const expected = Object.fromEntries(
      Object.entries(now).map(([path, values]) => [
        path,
        [...values].map((x, i) => 0.1 * x + 0.9 * initial[path]![i]!),
      ]),
    );
    expectParameters(average, expected, 6);
  });

  it('rejects a step without gradients and parameters without a leaf', async () => {
    const { step } = await setUp();
    await expect(step.apply({ learningRate: 0.1, step: 1 })).rejects.toThrow(/without accumulate/);
    await expect(setUp({ trainable: () => false })).rejects.toThrow(/no parameter is trainable/);
  });
});
