import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageModelDefinition } from '../../nn/image-model.js';
import { parameterLeaves } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { createTrainStep } from '../../runtime/train-step.js';
import { imageSampler } from '../../sampling/images.js';
import { type TinyImageModel, someImages, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import { definition as dcgan } from './dcgan.js';
import { definition as gan } from './gan.js';
import { definition as spectralGan } from './spectral-gan.js';
import { definition as styleGan } from './style-gan.js';
import { definition as superResolutionGan } from './super-resolution-gan.js';
import { definition as wganGp } from './wgan-gp.js';

/** Laws of every game. */

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const count = 4;
const data = { channels: 1, height: 8, width: 8, levels: 256, classes: 3 };
const images = someImages(data, count);
const labels = Int32Array.of(0, 1, 2, 1);

const tinyOf = (definition: ImageModelDefinition, changes: Record<string, unknown> = {}): Promise<TinyImageModel> =>
  tinyImageModel(engine, { definition, config: { ...definition.tiny?.config, ...changes }, data, gain: 1 });

/** One step of a loss as the trainer takes it: of those that assign, plain descent with rate 1. */
async function step({ model, weights: store }: TinyImageModel, name: string, key = 1): Promise<Record<string, number>> {
  const term = model.losses.find((each) => each.name === name)!;
  const train = await createTrainStep(engine, {
    store,
    parameters: model.parameters,
    batch: {
      images: { shape: [count, 1, 8, 8], dtype: 'float32' },
      labels: { shape: [count], dtype: 'int32' },
      key: { shape: [2], dtype: 'int32' },
    } as const,
    loss: term.loss as never,
    optimizer: (term.assigns === true
      ? { kind: 'sgd', momentum: 0, weightDecay: 0 }
      : {
          kind: 'adam',
          epsilon: 1e-8,
          epsilonInside: 'torch',
          beta1: 0.5,
          beta2: 0.9,
          weightDecay: 0,
          momentum: 0,
        }) as never,
    ...(term.trainable && { trainable: term.trainable }),
    name,
  });
  const { metrics } = await train.accumulate({ images, labels, key: Int32Array.of(key, 1) }, 1);
  await train.apply({ learningRate: term.assigns === true ? 1 : 1e-3, step: 1 });
  return metrics;
}

const games: readonly (readonly [string, ImageModelDefinition, Record<string, unknown>])[] = [
  ['gan', gan, {}],
  ['gan, minimax, of classes', gan, { loss: 'minimax', condition: 'concatenation' }],
  ['dcgan', dcgan, {}],
  [
    'dcgan of classes by projection, without batch normalisation',
    dcgan,
    { condition: 'projection', batchNorm: 'none' },
  ],
  ['dcgan of classes by concatenation', dcgan, { condition: 'concatenation', batchNorm: 'generator' }],
  ['wgan-gp of classes', wganGp, { condition: 'projection' }],
  ['spectral-gan of classes', spectralGan, { condition: 'projection' }],
  ['style-gan', styleGan, {}],
  ['style-gan of classes', styleGan, { conditional: true }],
];

const losses = [...games, ['super-resolution-gan', superResolutionGan, {}] as const];

describe('every loss moves its own part and nothing else, bit for bit', () => {
  it.each(losses)('%s', async (_, definition, changes) => {
    const tiny = await tinyOf(definition, changes);
    const { model, weights: store } = tiny;
    const moved = new Set<string>();
    for (const { name, trainable } of model.losses) {
      const before = structuredClone(await store.read());
      await step(tiny, name);
      const after = await store.read();
      for (const { path } of parameterLeaves(model.parameters)) {
        const isSame = Buffer.from(after[path]!.buffer).equals(Buffer.from(before[path]!.buffer));
        if (!isSame) moved.add(path);
        if (trainable?.(path) !== true) expect(isSame, `${name}: ${path}`).toBe(true);
      }
    }
    // Every parameter has a loss that moves it. A shift of all outputs is nothing to some games, and who augments
    // nothing cannot augment less.
    const mayStay = ['discriminator.out.bias', 'state.augmentation'];
    const still = parameterLeaves(model.parameters).filter(({ path }) => !moved.has(path) && !mayStay.includes(path));
    expect(still.map(({ path }) => path)).toEqual([]);
  });
});

describe('samples', () => {
  const draw = async (tiny: TinyImageModel, batchSize: number, options: Record<string, unknown> = {}) => {
    const sample = await imageSampler({ engine, model: tiny.model, data, weights: tiny.weights, batchSize });
    return sample({ count: 5, seed: 3, ...options });
  };

  it.each(games)(
    '%s: one image for a seed, in any batch, within the range of pixels',
    async (_, definition, changes) => {
      const tiny = await tinyOf(definition, changes);
      for (const { name } of tiny.model.losses) await step(tiny, name);
      const [alone, together] = [await draw(tiny, 1), await draw(tiny, 4)];
      alone.images.forEach((value, at) => {
        expect(Math.abs(value - together.images[at]!)).toBeLessThan(1e-3);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(255);
      });
      expect((await draw(tiny, 4, { seed: 4 })).images).not.toEqual(together.images);
    },
  );

  it.each(games)('%s: the class says what is drawn, where it is told', async (_, definition, changes) => {
    const tiny = await tinyOf(definition, changes);
    const [first, second] = [await draw(tiny, 5, { labels: 0 }), await draw(tiny, 5, { labels: 2 })];
    const isConditional = 'condition' in changes || 'conditional' in changes;
    expect(tiny.model.conditional).toBe(isConditional);
    if (isConditional) expect(first.images).not.toEqual(second.images);
    else expect(first.images).toEqual(second.images);
  });

  it('asking for classes of images without labels is an error that says what to do', () => {
    const config = dcgan.schema.parse({ ...dcgan.tiny!.config, condition: 'projection' });
    expect(() => dcgan.build(config, { ...data, classes: 0 })).toThrow(/condition: projection, but .* 0 classes/);
    expect(() => dcgan.build(dcgan.schema.parse({}), { ...data, height: 6 })).toThrow(/blocks of side 4 do not divide/);
  });
});

describe('dcgan', () => {
  it('draws with running moments that approach those of its batches', async () => {
    const tiny = await tinyOf(dcgan);
    for (let key = 0; key < 60; key++) await step(tiny, 'moments', key);
    const { 'moments.0.mean': mean, 'moments.0.variance': variance } = await tiny.weights.read();
    // Of a linear layer of standard normal numbers: its weights' squared lengths, without a bias.
    const weight = tiny.values['generator.spread.weight']!;
    const outputs = weight.length / 3;
    const expected = [0, 0, 0, 0];
    weight.forEach((value, at) => (expected[Math.floor((at % outputs) / 4)]! += value ** 2 / 4));
    for (let channel = 0; channel < 4; channel++) {
      expect(Math.abs(mean![channel]!)).toBeLessThan(0.5 * Math.sqrt(expected[channel]!));
      expect(Math.abs(variance![channel]! / expected[channel]! - 1)).toBeLessThan(0.6);
    }
  });
});

describe('style-gan', () => {
  const draw = async (tiny: TinyImageModel, controls: Record<string, number>, seed = 1) => {
    const sample = await imageSampler({ engine, model: tiny.model, data, weights: tiny.weights, batchSize: 4 });
    return (await sample({ count: 4, seed, controls })).images;
  };
  const rowsOf = (values: Float32Array): Float32Array[] =>
    Array.from({ length: 4 }, (_, row) => values.slice(row * 64, (row + 1) * 64));
  const spread = (values: Float32Array): number => {
    const rows = rowsOf(values);
    return Math.max(...rows[0]!.map((value, at) => Math.abs(value - rows[1]![at]!)));
  };

  it('truncation 0 gives the mean image whatever the noise, and half of it less variety than all', async () => {
    const tiny = await tinyOf(styleGan);
    const { weights: store } = tiny;
    for (let key = 0; key < 3; key++) await step(tiny, 'mean style', key);
    const middle = await draw(tiny, { truncation: 0, grain: 0 });
    for (const row of rowsOf(middle)) expect(row).toEqual(rowsOf(middle)[0]);
    expect(await draw(tiny, { truncation: 0, grain: 0 }, 2)).toEqual(middle);
    // Which is the image of the mean style: another mean, another image.
    await store.write({ 'state.meanStyle': Float32Array.of(1, -1, 2, -2) });
    expect(await draw(tiny, { truncation: 0, grain: 0 })).not.toEqual(middle);
    const [half, all] = [
      await draw(tiny, { truncation: 0.5, grain: 0 }),
      await draw(tiny, { truncation: 1, grain: 0 }),
    ];
    expect(spread(half)).toBeLessThan(spread(all));
    expect(spread(half)).toBeGreaterThan(0);
  });

  it('crossover says from which layer on the second noise counts', async () => {
    const tiny = await tinyOf(styleGan);
    const sample = await imageSampler({ engine, model: tiny.model, data, weights: tiny.weights, batchSize: 4 });
    const { mixing, noise, controls } = tiny.model.generative!;
    expect(Object.keys(noise)).toEqual(expect.arrayContaining([mixing!.coarse, mixing!.fine]));
    const drawn = async (coarse: number, fine: number, crossover: number) => {
      const from = { [mixing!.coarse]: coarse, [mixing!.fine]: fine };
      const source = (name: string, _: number, size: number) =>
        Float32Array.from({ length: size }, (__, at) => Math.sin(1 + at * (3 + (from[name] ?? 0))));
      const asked = { count: 1, noise: source, controls: { [mixing!.control]: crossover } };
      return (await sample(asked)).images;
    };
    const all = controls![mixing!.control]!.default;
    expect(await drawn(1, 2, all)).toEqual(await drawn(1, 3, all));
    expect(await drawn(1, 2, 0)).toEqual(await drawn(3, 2, 0));
    const mixed = await drawn(1, 2, mixing!.at);
    expect(mixed).not.toEqual(await drawn(1, 3, mixing!.at));
    expect(mixed).not.toEqual(await drawn(3, 2, mixing!.at));
  });

  it('augments more while the discriminator is too sure of real images, less else, from 0 to 1', async () => {
    const tiny = await tinyOf(styleGan, { augmentation: { target: 0.6, images: 32 } });
    const { weights: store } = tiny;
    const probability = async (): Promise<number> => (await store.read())['state.augmentation']![0]!;
    const bias = async (value: number) => store.write({ 'discriminator.out.bias': Float32Array.of(value) });
    await bias(100);
    await step(tiny, 'augmentation');
    // Every fourth step of four images, of the 32 that it takes from 0 to 1.
    expect(await probability()).toBeCloseTo(0.5, 6);
    await step(tiny, 'augmentation');
    await step(tiny, 'augmentation');
    expect(await probability()).toBe(1);
    await bias(-100);
    await step(tiny, 'augmentation');
    expect(await probability()).toBeCloseTo(0.5, 6);
  });
});
