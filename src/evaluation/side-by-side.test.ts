import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
import { definition as vae } from '../families/autoencoding/vae.js';
import { definition as glow } from '../families/flow/glow.js';
import { definition as maf } from '../families/flow/maf.js';
import type { ImageTensors } from '../nn/image-model.js';
import { Engine } from '../runtime/engine.js';
import { imageSampler } from '../sampling/images.js';
import { type TinyImageModel, someImages, tinyImageModel } from '../sampling/tiny-image-model.test-helper.js';
import { reshape } from '../tensor/index.js';
import { densityOf } from './density.js';
import { rowsOf } from './features.js';

/** Measuring and drawing in lanes: the same figures, features and images. */

const data = { channels: 1, height: 4, width: 4, levels: 256, classes: 0 };
const cases = [
  ['glow', glow, { levels: [{ squeeze: 2, steps: 2, width: 4 }] }],
  ['maf, with a search', maf, { layers: 2, width: 8 }],
  ['vae', vae, { width: 8, latents: 2 }],
] as const;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 2 });
});
afterAll(() => engine.dispose());

describe.each(cases)('side by side: %s', (_, definition, config) => {
  let tiny: TinyImageModel;
  beforeAll(async () => {
    tiny = await tinyImageModel(engine, { definition, config, data, deviation: 0.1 });
  });

  it('has the density that it has one batch after the other, of every image once', async () => {
    const { model, weights } = tiny;
    const count = 23;
    const images: ImageSet = { ...data, name: 'some', count, pixels: Uint8Array.from(someImages(data, count)) };
    const of = { engine, weights, parameters: model.parameters, density: model.density! };
    const figure = async (lanes: number) =>
      (await densityOf({ ...of, images, batchSize: 4, pixels: 'bytes', seed: 1, lanes }))();
    const [one, two] = [await figure(1), await figure(2)];
    expect(two.images).toBe(count);
    expect(two.nats).toBeCloseTo(one.nats, 4);
    expect(two.standardError).toBeCloseTo(one.standardError, 4);
    // Which lane had which batch changes nothing.
    expect(await figure(2)).toEqual(two);
  });

  it('has the features that it has one batch after the other, each in its row', async () => {
    const { model, weights } = tiny;
    const count = 23;
    const images: ImageSet = { ...data, name: 'some', count, pixels: Uint8Array.from(someImages(data, count)) };
    const of = { engine, weights, parameters: model.parameters, size: 1 };
    const rows = (lanes: number) => {
      const density = (p: never, batch: ImageTensors) => reshape(model.density!.logProb(p, batch), [4, 1]);
      return rowsOf({ ...of, of: density, images, batchSize: 4, pixels: 'bytes', seed: 1, lanes });
    };
    const [one, two] = [await rows(1), await rows(2)];
    expect(two).toMatchObject({ count, size: 1 });
    two.values.forEach((value, row) => expect(value).toBeCloseTo(one.values[row]!, 3));
  });

  it('draws the images that it draws one batch after the other', async () => {
    const sampler = (lanes: number) => imageSampler({ engine, ...tiny, batchSize: 4, lanes });
    const [one, two] = [await sampler(1), await sampler(2)];
    const asked = { count: 23, seed: 3 };
    const { images } = await two(asked);
    expect(images).toHaveLength(23 * 16);
    expect(images).toEqual((await one(asked)).images);
  });
});
