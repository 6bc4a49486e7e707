import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
import { definition } from '../families/discriminative/classifier.js';
import { type ImageModel, defineImageModel } from '../nn/image-model.js';
import { initialise, parameter } from '../nn/parameters.js';
import { Engine } from '../runtime/engine.js';
import { counterRandom } from '../tensor/random.js';
import { mul, reshape } from '../tensor/index.js';
import { fineTune, linearProbe } from './probe.js';
import { z } from 'zod';

/** Bars across or down, grey on noise: the class cannot be read from any one pixel, but from two in a row it can. */
function bars(count: number, seed: number): ImageSet {
  const random = counterRandom(seed, 'bars', 0);
  const pixels = new Uint8Array(count * 64);
  const labels = new Int32Array(count);
  for (let image = 0; image < count; image++) {
    labels[image] = random() < 0.5 ? 0 : 1;
    const place = Math.floor(random() * 8);
    for (let at = 0; at < 64; at++) {
      const line = labels[image] === 0 ? Math.floor(at / 8) : at % 8;
      pixels[image * 64 + at] = (line === place ? 150 : 0) + Math.floor(random() * 100);
    }
  }
  return { name: 'bars', count, channels: 1, height: 8, width: 8, pixels, labels };
}

/** The pixels themselves as features, times a gain that is the one parameter. */
const raw = defineImageModel({
  name: 'raw',
  title: 'pixels',
  source: 'none',
  schema: z.strictObject({}),
  pixels: 'bytes',
  build: (): ImageModel => ({
    parameters: { gain: parameter([1], { init: { kind: 'ones' } }) },
    losses: [],
    features: {
      size: 64,
      of: (p: { gain: never }, { images }) => mul(reshape(images, [images.shape[0]!, 64]), p.gain),
    },
  }),
});

describe('probes', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create();
  });
  afterAll(() => engine.dispose());
  const data = { channels: 1, height: 8, width: 8, levels: 256, classes: 2 };
  const sets = { train: bars(400, 1), test: bars(300, 2), pixels: 'bytes' as const };

  it('finds no line between bars across and down in their pixels, and learns one by fine-tuning', async () => {
    const pixels = raw.build({}, data);
    const blind = await linearProbe({
      ...sets,
      engine,
      model: pixels,
      values: initialise(pixels.parameters, 1),
      batchSize: 50,
    });
    expect(blind.figure).toMatchObject({ kind: 'linear', images: 300, trainedOn: 400, features: 64 });
    expect(blind.figure.accuracy).toBeLessThan(0.7);

    const model = definition.build({ width: 8, features: 16, dropout: 0 }, data);
    const values = initialise(model.parameters, 1);
    const options = { ...sets, engine, model, values, batchSize: 50, learningRate: 0.01 };
    const probe = await linearProbe(options);
    const tuned = await fineTune({ ...options, epochs: 10, learningRate: 3e-3 }, probe);
    expect(tuned.accuracy).toBeGreaterThan(0.95);
    expect(tuned.accuracy).toBeGreaterThan(probe.figure.accuracy);
    expect(tuned.standardError).toBeCloseTo(Math.sqrt((tuned.accuracy * (1 - tuned.accuracy)) / 300), 12);
  });

  it('gives the same figure again, and says what is missing', async () => {
    const model = definition.build({ width: 2, features: 4, dropout: 0 }, data);
    const options = { ...sets, engine, model, values: initialise(model.parameters, 1), epochs: 2 };
    expect(await linearProbe(options)).toEqual(await linearProbe(options));
    const { features: _, ...without } = model;
    await expect(linearProbe({ ...options, model: without })).rejects.toThrow(/no features/);
    const { labels: _labels, ...unlabelled } = sets.train;
    await expect(linearProbe({ ...options, train: unlabelled })).rejects.toThrow(/labelled/);
  });
});
