import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
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
    const { originals, kept, completions } = await completeImages(options(), { keep: 0.5, samples: 2, seed: 1 });
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
    const { kept } = await completeImages(options(), { keep: 0 });
    expect(kept.every((value) => value === 127.5)).toBe(true);
  });

  it('says which models can', async () => {
    const { sequential: _, ...model } = tiny.model;
    await expect(completeImages({ ...options(), model }, { keep: 0.5 })).rejects.toThrow(/value by value/);
  });
});
