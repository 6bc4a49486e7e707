import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageLoss, ImageTensors } from '../../nn/image-model.js';
import { Engine } from '../../runtime/engine.js';
import { gradients, isTensor, leaves } from '../../tensor/index.js';
import { randomPixels, tinyModel } from '../image-model.test-helper.js';
import { definition } from './latent-diffusion.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const config = { channels: [4], blocks: 1, codec: { width: 4, codeSize: 2 } };
const shape = { height: 8, width: 8, levels: 256 };
const images = randomPixels(16 * 64, 256);
const tiny = () => tinyModel(engine, definition, config, shape, 3);

describe('latent diffusion', () => {
  it('has codes of mean 0 and deviation 1, once it has seen enough of them', async () => {
    const { model, runOn, store } = await tiny();
    const assign = model.losses.find(({ name }) => name === 'moments') as ImageLoss;
    for (let step = 0; step < 200; step++) {
      const found = await runOn(
        (p, batch: ImageTensors) => {
          const wanted = leaves(p, isTensor).filter(({ path }) => assign.trainable!(path));
          const towards = gradients(
            assign.loss(p, batch).loss,
            wanted.map(({ leaf }) => leaf),
          );
          return Object.fromEntries(wanted.map(({ path }, index) => [path, towards[index]!]));
        },
        images,
        { key: step },
      );
      // A step of plain descent with rate 1.
      const values = await store.read();
      await store.write(
        Object.fromEntries(
          Object.entries(found).map(([path, gradient]) => [
            path,
            values[path]!.map((value, index) => value - gradient[index]!),
          ]),
        ),
      );
    }
    const { code } = await runOn((p, batch) => ({ code: model.denoiser!.encode(p, batch) }), images);
    const places = 4;
    for (const channel of [0, 1]) {
      const of = code!.filter((_, at) => Math.floor(at / places) % 2 === channel);
      const centre = of.reduce((sum, value) => sum + value, 0) / of.length;
      const deviation = Math.sqrt(of.reduce((sum, value) => sum + (value - centre) ** 2, 0) / of.length);
      expect(Math.abs(centre)).toBeLessThan(0.15);
      // The means of codes spread less than codes that are drawn.
      expect(deviation).toBeLessThan(1.1);
      expect(deviation).toBeGreaterThan(0);
    }
  });

  it('trains its parts one after the other, each alone', async () => {
    const { model, values } = await tiny();
    const parts = model.losses.map(({ name, during, trainable }) => ({
      name,
      during,
      moves: [
        ...new Set(
          Object.keys(values)
            .filter(trainable!)
            .map((path) => path.split('.')[0]),
        ),
      ],
    }));
    expect(parts).toEqual([
      { name: 'autoencoder', during: [0, 0.3], moves: ['codec'] },
      { name: 'moments', during: [0.15, 0.3], moves: ['moments'] },
      { name: 'diffusion', during: [0.3, 1], moves: ['diffusion'] },
    ]);
  });
});
