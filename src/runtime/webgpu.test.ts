import { type TestContext, describe, expect, it } from 'vitest';
import * as t from '../tensor/index.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import { Engine } from './engine.js';
import { expectAgreement } from './lowering/against-reference.test-helper.js';
import { type TrainStep, createTrainStep } from './train-step.js';

/** An engine on a GPU; without one the test is skipped, or fails where DESCENT_REQUIRE_WEBGPU is set. */
async function gpuEngine(context: TestContext): Promise<Engine> {
  try {
    return await Engine.create({ device: 'webgpu' });
  } catch (error) {
    if (process.env['DESCENT_REQUIRE_WEBGPU'] === '1') throw error;
    return context.skip('there is no GPU');
  }
}

const random = counterRandom(3, 'webgpu', 0);
const normal = (size: number): Float32Array => fillNormal(random, new Float32Array(size));

describe('webgpu', () => {
  it('computes what the interpreter computes', { timeout: 300_000 }, async (context) => {
    const engine = await gpuEngine(context);
    const inputs = {
      x: { shape: [2, 3, 4] },
      w: { shape: [4, 5] },
      k: { shape: [2, 5, 3] },
      i: { shape: [6], below: 3 },
      b: { shape: [5] },
    };
    await expectAgreement(
      engine,
      inputs,
      ({ x, w, k, i, b }) => [
        t.add(t.matmul(x!, w!), b!),
        t.matmul(t.matmul(x!, w!), k!, { alpha: 0.5 }),
        t.matmul(t.matmul(x!, w!), t.transpose(k!), { transposeB: true }),
        t.scatterAdd(t.zeros([3, 4]), i!, t.reshape(x!, [6, 4])),
        t.logSumExp(x!, { axes: -1 }),
        t.gelu(x!), t.gelu(x!, 'erf'), t.silu(x!), t.softmax(x!), t.layerNorm(x!), t.rmsNorm(x!),
        t.cumsum(x!), t.argMax(x!), t.where(t.less(x!, 0), 0, x!), t.reverse(x!, 1), t.iota([3, 2], 1),
        ...t.gradients(t.sum(t.conv(t.reshape(x!, [1, 2, 3, 4]), t.reshape(t.sliceAxis(k!, { axis: 1, limit: 2 }), [3, 2, 2, 1]), { stride: 2, padding: 1 })), [x!, k!]),
      ], // prettier-ignore
      1e-4,
    );
    await engine.dispose();
  });

  it('copies rows from store to store', { timeout: 300_000 }, async (context) => {
    const engine = await gpuEngine(context);
    const [small, large] = [
      await engine.createStore({ leaves: [{ path: 'a', shape: [2, 3] }] }),
      await engine.createStore({ leaves: [{ path: 'a', shape: [4, 3] }] }),
    ];
    await small.write({ a: Float32Array.of(1, 2, 3, 4, 5, 6) });
    await large.copyRows(small, [
      [1, 0],
      [0, 3],
    ]);
    expect([...(await large.read())['a']!]).toEqual([4, 5, 6, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    await engine.dispose();
  });

  it('draws the numbers that the CPU draws', { timeout: 300_000 }, async (context) => {
    const engines = [await gpuEngine(context), await Engine.create({ threads: 1 })];
    const draws = engines.map(async (engine) => {
      const specs = { key: { shape: [2], dtype: 'int32' as const } };
      const program = await engine.compile(({ key }) => ({ y: t.randomUniform(key, [3, 5], 1) }), specs);
      return program.run({ key: Int32Array.of(4, 2) });
    });
    const [onGpu, onCpu] = await Promise.all(draws);
    expect(onGpu).toEqual(onCpu);
    for (const engine of engines) await engine.dispose();
  });

  it('appends to a key-value cache', { timeout: 300_000 }, async (context) => {
    const engines = [await gpuEngine(context), await Engine.create({ threads: 1 })];
    const [side, cache] = [t.float32(2, 1, 8), t.float32(2, 1, 4, 8)];
    const steps = [0, 1, 2].map(() => ({ query: normal(16), key: normal(16), value: normal(16) }));
    const decoded = engines.map(async (engine) => {
      const store = await engine.createStore({
        leaves: ['key', 'value'].map((path) => ({ path, shape: cache.shape })),
      });
      const program = await engine.compile(
        ({ query, key, value, cache: past, lengths }) => {
          const inputs = { query, key, value, pastKey: past.key, pastValue: past.value, lengths };
          const made = t.cachedAttention(inputs, { heads: 1, keyValueHeads: 1, window: 0, scale: 0.4 });
          return { output: made.output, cache: { key: made.keyCache, value: made.valueCache } };
        },
        { query: side, key: side, value: side, cache: { key: cache, value: cache }, lengths: { shape: [2], dtype: 'int32' as const } },
      ); // prettier-ignore
      const outputs: number[] = [];
      for (const [index, step] of steps.entries()) {
        const lengths = Int32Array.of(index + 1, index + 1);
        const result = await program.run({ ...step, cache: store, lengths }, { into: { cache: store } });
        outputs.push(...(result as { output: Float32Array }).output);
      }
      return outputs;
    });
    const [onGpu, onCpu] = (await Promise.all(decoded)) as [number[], number[]];
    onGpu.forEach((value, index) => expect(value).toBeCloseTo(onCpu[index]!, 4));
    for (const engine of engines) await engine.dispose();
  });

  it('keeps state on the device and trains as the CPU does', { timeout: 300_000 }, async (context) => {
    const gpu = await gpuEngine(context);
    const cpu = await Engine.create({ threads: 1 });
    const leaves = [
      { path: 'weight', shape: [3, 8] },
      { path: 'out', shape: [8, 2], decay: false },
    ];
    const initial = { weight: normal(24), out: normal(16) };
    const batch = { x: normal(12), y: normal(8) };
    const run = async (engine: Engine) => {
      const store = await engine.createStore({ leaves, trainable: true, average: true });
      await store.write(initial);
      const step: TrainStep = await createTrainStep(engine, {
        store,
        parameters: { weight: t.float32(3, 8), out: t.float32(8, 2) },
        batch: { x: t.float32(4, 3), y: t.float32(4, 2) },
        loss: (p, { x, y }) => ({ loss: t.mean(t.square(t.sub(t.matmul(t.gelu(t.matmul(x, p.weight)), p.out), y))) }),
        optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, momentum: 0 },
        clipNorm: 0.5,
      });
      const losses: number[] = [];
      for (let index = 1; index <= 4; index++) {
        for (const weight of [0.25, 0.75]) losses.push((await step.accumulate(batch, weight)).loss);
        losses.push((await step.apply({ learningRate: 0.05, step: index })).gradientNorm);
        await step.averageInto(0.9);
      }
      await step.accumulate({ x: batch.x, y: batch.y.map(() => NaN) }, 1);
      expect((await step.apply({ learningRate: 0.05, step: 5 })).applied).toBe(false);
      return { losses, parameters: await store.read(), average: await store.read('average') };
    };
    const [onGpu, onCpu] = [await run(gpu), await run(cpu)];
    onGpu.losses.forEach((loss, index) => expect(loss).toBeCloseTo(onCpu.losses[index]!, 4));
    for (const part of ['parameters', 'average'] as const) {
      for (const path of ['weight', 'out']) {
        onGpu[part][path]!.forEach((value, index) => expect(value).toBeCloseTo(onCpu[part][path]![index]!, 3));
      }
    }
    await gpu.dispose();
    await cpu.dispose();
  });
});
