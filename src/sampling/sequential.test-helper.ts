import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageTensors } from '../nn/image-model.js';
import { Engine } from '../runtime/engine.js';
import { type SequentialSampler, sequentialSampler } from './sequential.js';
import {
  type TinyImageModel,
  type TinyImageModelOptions,
  someImages,
  tinyImageModel,
} from './tiny-image-model.test-helper.js';

/** What drawing value by value must do, for every model that can. */
export function sequentialLaws(options: TinyImageModelOptions): void {
  const { definition, data } = options;
  const { channels, height, width } = data;
  const size = channels * height * width;

  describe(`drawing from ${definition.name}, ${channels} x ${height} x ${width} pixels`, () => {
    let engine: Engine;
    let tiny: TinyImageModel;
    let sample: SequentialSampler;
    const open = (batchSize: number): Promise<SequentialSampler> =>
      sequentialSampler({ engine, ...tiny, batchSize }, tiny.model.sequential!);
    beforeAll(async () => {
      engine = await Engine.create({ threads: 1 });
      tiny = await tinyImageModel(engine, options);
      sample = await open(4);
    });
    afterAll(() => engine.dispose());

    it('draws an image by its seed and number, whatever the batch', async () => {
      const inThrees = await open(3);
      const three = await inThrees({ count: 5, seed: 3 });
      const four = await sample({ count: 5, seed: 3 });
      expect(three.values).toEqual(four.values);
      expect(three.images).toEqual(four.images);
      const inOnes = await open(1);
      const alone = await inOnes({ count: 1, seed: 3 });
      expect(alone.values).toEqual(four.values.slice(0, alone.values.length));
      expect((await sample({ count: 5, seed: 4 })).values).not.toEqual(four.values);
    });

    it('keeps what is known and draws the rest', async () => {
      const { length } = tiny.model.sequential!;
      const images = someImages(data, 4);
      const half = Uint8Array.from({ length }, (_, at) => Number(at < length / 2));
      const scattered = Uint8Array.from({ length }, (_, at) => Number(at % 3 !== 1));
      const { values: given } = await sample({ count: 4, known: { images, mask: new Uint8Array(length).fill(1) } });
      for (const mask of [half, scattered]) {
        const { values } = await sample({ count: 4, known: { images, mask } });
        values.forEach((value, at) => {
          if (mask[at % length] === 1) expect(value).toBe(given[at]);
        });
        expect(values).not.toEqual(given);
      }
    });

    it('takes the most probable value at temperature 0', async () => {
      const first = await sample({ count: 1, seed: 1, temperature: 0 });
      expect((await sample({ count: 1, seed: 2, temperature: 0 })).values).toEqual(first.values);
    });

    it('finds images as probable, value by value, as the density does at once', async () => {
      const { density, sequential, parameters } = tiny.model;
      if (density?.kind !== 'exact') return;
      const images = someImages(data, 4);
      const labels = Int32Array.from({ length: 4 }, (_, row) => row % Math.max(1, data.classes));
      const mask = new Uint8Array(sequential!.length).fill(1);
      const { logProbs, images: kept } = await sample({
        count: 4,
        known: { images, mask },
        ...(data.classes > 0 && { labels: [...labels] }),
      });
      expect(kept).toEqual(images);
      const program = await engine.compile(
        ((args: { parameters: never; batch: ImageTensors }) => ({
          logProb: density.logProb(args.parameters, args.batch),
        })) as never,
        {
          parameters,
          batch: {
            images: { shape: [4, channels, height, width], dtype: 'float32' },
            labels: { shape: [4], dtype: 'int32' },
            key: { shape: [2], dtype: 'int32' },
          },
        },
      );
      const batch = { images, labels, key: new Int32Array(2) };
      const { logProb } = (await program.run({ parameters: tiny.weights, batch })) as { logProb: Float32Array };
      logProb.forEach((value, row) => {
        expect(Math.abs(value - logProbs[row]!)).toBeLessThan(1e-4 * size + 1e-5 * Math.abs(value));
      });
    });
  });
}
