import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImageSet, sliceImages } from '../data/images/image-set.js';
import { definition as vqVae } from '../families/autoencoding/vq-vae.js';
import { definition as imageGpt } from '../families/autoregressive/image-gpt.js';
import { definition } from '../families/autoregressive/pixel-cnn.js';
import { Engine } from '../runtime/engine.js';
import { completeImages } from './complete.js';
import { type TinyImageModel, someImages, tinyImageModel } from './tiny-image-model.test-helper.js';

const data = { channels: 1, height: 6, width: 4, levels: 256, classes: 0 };
const size = 24;
const config = { width: 2, blocks: 1, kernel: 3, hidden: 4 };
const images: ImageSet = { ...data, name: 'some', count: 3, pixels: Uint8Array.from(someImages(data, 3)) };

describe('completing images', () => {
  let engine: Engine;
  let tiny: TinyImageModel;
  beforeAll(async () => {
    engine = await Engine.create({ threads: 1 });
    tiny = await tinyImageModel(engine, { definition, config, data });
  });
  afterAll(() => engine.dispose());

  const options = () => ({ engine, ...tiny, images, batchSize: 3, pixels: 'bytes', seed: 0 }) as const;

  it('keeps the upper rows and draws the others, differently each time', async () => {
    const halves = { keep: 0.5, samples: 2, seed: 1 };
    const { originals, kept, completions, edges } = await completeImages(options(), halves);
    expect(edges).toEqual([3, 4, 5, 6]);
    expect(originals).toEqual(Float32Array.from(images.pixels));
    expect(completions).toHaveLength(2);
    originals.forEach((value, at) => {
      const isKept = at % size < size / 2;
      expect(kept[at]).toBe(isKept ? value : 127.5);
      if (isKept) for (const completion of completions) expect(completion[at]).toBe(value);
    });
    expect(completions[0]).not.toEqual(completions[1]);
    expect(completions[0]).not.toEqual(originals);
  });

  it('keeps everything, or nothing', async () => {
    expect((await completeImages(options(), { keep: 1 })).completions[0]).toEqual(Float32Array.from(images.pixels));
    const { kept, edges } = await completeImages(options(), { keep: 0 });
    expect(edges).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(kept.every((value) => value === 127.5)).toBe(true);
  });

  it('completes an image the same way whatever others there are', async () => {
    const { completions } = await completeImages(options(), { keep: 0.5, samples: 2, seed: 1 });
    const one = { ...options(), images: sliceImages(images, 0, 1), batchSize: 1 };
    const alone = await completeImages(one, { keep: 0.5, samples: 2, seed: 1 });
    completions.forEach((completion, sample) => {
      expect(alone.completions[sample]).toEqual(completion.subarray(0, size));
    });
    // Sample n of a seed is the first of seed + n.
    expect((await completeImages(one, { keep: 0.5, seed: 2 })).completions[0]).toEqual(alone.completions[1]);
  });

  const blind = [
    ['codes of an encoder', vqVae, { width: 4, codes: 8, codeSize: 3, prior: { width: 4, layers: 1, hidden: 4 } }, 4],
    ['patches', imageGpt, { patch: 4, palette: 8, layers: 1, heads: 2, width: 8 }, 4],
  ] as const;
  it.each(blind)('sees nothing of what it is to draw: %s', async (_, model, settings, side) => {
    const shape = { channels: 1, height: 3 * side, width: 2 * side, levels: 256, classes: 0 };
    const small = await tinyImageModel(engine, { definition: model, config: settings, data: shape });
    const count = 6;
    const one = someImages(shape, count);
    const plane = shape.height * shape.width;
    // The cut goes through the middle of the second row of values: only the first is kept whole.
    const keep = 0.5;
    const other = one.map((value, at) => (at % plane < side * shape.width ? value : 255 - value));
    const completed = (pixels: Float32Array) => {
      const set = { ...shape, name: 'some', count, pixels: Uint8Array.from(pixels) };
      return completeImages({ engine, ...small, images: set, batchSize: count, pixels: 'bytes', seed: 0 }, { keep });
    };
    const [first, second] = [await completed(one), await completed(other)];
    expect(first.originals).not.toEqual(second.originals);
    expect(first.kept).toEqual(second.kept);
    expect(first.completions).toEqual(second.completions);
    expect(first.edges).toEqual([side, 2 * side, 3 * side]);
    expect(first.kept.subarray(0, side * shape.width)).toEqual(one.subarray(0, side * shape.width));
  });

  it('says which models can', async () => {
    const { sequential: _, ...model } = tiny.model;
    await expect(completeImages({ ...options(), model }, { keep: 0.5 })).rejects.toThrow(/value by value/);
  });
});
