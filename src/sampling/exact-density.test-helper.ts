import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import {
  type TinyImageModel,
  type TinyImageModelOptions,
  allImages,
  logProbOf,
  tinyImageModel,
} from './tiny-image-model.test-helper.js';

/**
 * What every exact density must do, on a model of images so small that all of them can be listed: e.g. 2 by 2 binary
 * pixels are 16 images.
 */
export function exactDensityLaws(options: TinyImageModelOptions): void {
  const { definition, data } = options;
  const { channels, height, width, levels, classes } = data;
  const size = channels * height * width;
  const count = levels ** size;

  describe(`the density of ${definition.name} on ${channels} x ${height} x ${width} pixels of ${levels} levels`, () => {
    let engine: Engine;
    let tiny: TinyImageModel;
    beforeAll(async () => {
      engine = await Engine.create({ threads: 1 });
      tiny = await tinyImageModel(engine, options);
    });
    afterAll(() => engine.dispose());

    const logProbs = async (images: Float32Array, label: number, key = 0): Promise<Float32Array> =>
      (await logProbOf(engine, tiny, tiny.model.density!, images.length / size))(images, { label, key });

    it('is exact: the probabilities of all images sum to 1, for every class', async () => {
      expect(tiny.model.density?.kind).toBe('exact');
      for (let label = 0; label < Math.max(1, classes); label++) {
        const values = await logProbs(allImages(data), label);
        expect(values).toHaveLength(count);
        // Far from uniform: a density that ignores its images would pass otherwise.
        expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.1);
        expect(values.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 4);
      }
    });

    it('has no chance in it, and a row of a batch equals the same row alone', async () => {
      const images = allImages(data);
      const together = await logProbs(images, 0);
      expect(await logProbs(images, 0, 5)).toEqual(together);
      for (const row of [0, count >> 1, count - 1]) {
        const [alone] = await logProbs(images.slice(row * size, (row + 1) * size), 0);
        expect(alone).toBeCloseTo(together[row]!, 4);
      }
    });
  });
}
