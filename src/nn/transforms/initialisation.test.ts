import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, type Store } from '../../runtime/engine.js';
import { createTrainStep } from '../../runtime/train-step.js';
import type { Tensor } from '../../tensor/index.js';
import { counterRandom, fillNormal, integer } from '../../tensor/random.js';
import { assignmentLoss } from '../assignment.js';
import { initialise, leavesOf } from '../parameters.js';
import { actNorm } from './act-norm.js';
import { convolutionalConditioner } from './conditioners.js';
import { coupling } from './coupling.js';
import { histogramPixels } from './pixels.js';
import { flatten, split } from './shapes.js';
import { type Transform, fitTransform, isFitted, sequence } from './transform.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

/** One step of descent with rate 1 along the assignments, as the trainer takes it. */
async function fit(transform: Transform, store: Store, x: Float32Array, shape: readonly number[]): Promise<void> {
  const step = await createTrainStep(engine, {
    store,
    parameters: transform.parameters,
    batch: { x: { shape, dtype: 'float32' } as const },
    loss: (p: unknown, batch: { x: Tensor }) => ({
      loss: assignmentLoss(fitTransform(transform, p, batch.x, {}).assigned),
    }),
    trainable: isFitted,
    optimizer: {
      kind: 'sgd',
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      epsilonInside: 'torch',
      weightDecay: 0,
      momentum: 0,
    },
  });
  await step.accumulate({ x }, 1);
  await step.apply({ learningRate: 1, step: 1 });
}

const storeOf = async (transform: Transform): Promise<Store> => {
  const leaves = leavesOf(transform.parameters);
  const store = await engine.createStore({ leaves, trainable: true });
  await store.write(initialise(transform.parameters, 1));
  return store;
};

const mapped = async (transform: Transform, store: Store, x: Float32Array, shape: readonly number[]) => {
  const program = await engine.compile(
    (({ p, x: argument }: { p: never; x: Tensor }) => transform.forward(p, argument, {})) as never,
    { p: transform.parameters, x: { shape, dtype: 'float32' as const } },
  );
  return ((await program.run({ p: store, x })) as unknown as { z: Float32Array }).z;
};

const skewed = (seed: number, size: number): Float32Array =>
  fillNormal(counterRandom(seed, 'batch', 0), new Float32Array(size)).map((value) => 3 * value + 7);

const moments = (values: ArrayLike<number>): [mean: number, deviation: number] => {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return [mean, Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length)];
};

describe('initialisation from the first batch', () => {
  const shape = [32, 4, 2, 2];
  const size = 32 * 16;
  const network = convolutionalConditioner({ width: 4 });

  it('gives every ActNorm of a flow numbers of mean 0 and deviation 1, in one pass', async () => {
    const transform = sequence([
      actNorm(4),
      coupling(4, { network }),
      split([4, 2, 2], { network, rest: sequence([actNorm(2), flatten([2, 2, 2])]) }),
    ]);
    const store = await storeOf(transform);
    const x = skewed(1, size);
    await fit(transform, store, x, shape);
    const [mean, deviation] = moments(await mapped(transform, store, x, shape));
    expect(mean).toBeCloseTo(0, 4);
    expect(deviation).toBeCloseTo(1, 4);
  });

  it('happens once: a flag that is saved with the parameters keeps what is there', async () => {
    const transform = actNorm(4);
    const store = await storeOf(transform);
    await fit(transform, store, skewed(1, size), shape);
    const before = await store.read();
    expect(Array.from(before['fitted.initialised']!)).toEqual([1]);
    await fit(
      transform,
      store,
      skewed(2, size).map((value) => 5 * value),
      shape,
    );
    expect(await store.read()).toEqual(before);
    // A model that was loaded has the flag too.
    const loaded = await storeOf(transform);
    await loaded.write(before);
    await fit(transform, loaded, skewed(3, size), shape);
    expect(await loaded.read()).toEqual(before);
  });

  it('leaves no moments behind for the optimizer that comes after', async () => {
    const transform = actNorm(4);
    const store = await storeOf(transform);
    await fit(transform, store, skewed(1, size), shape);
    for (const values of Object.values(await store.read('firstMoment')))
      expect(values.every((value) => value === 0)).toBe(true);
  });

  it('histograms make the pixels of the first batch nearly normal', async () => {
    const transform = histogramPixels([1, 4, 4], 256);
    const store = await storeOf(transform);
    const random = counterRandom(1, 'pixels', 0);
    // Mostly black, as drawings are, each with its noise.
    const x = Float32Array.from(
      { length: 256 * 16 },
      () => (random() < 0.7 ? 0 : integer(random, 256)) + random() * 0.999,
    );
    await fit(transform, store, x, [256, 1, 4, 4]);
    const [mean, deviation] = moments(await mapped(transform, store, x, [256, 1, 4, 4]));
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.05);
  });
});
