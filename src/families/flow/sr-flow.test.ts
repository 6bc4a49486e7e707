import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageData } from '../../nn/image-model.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { type ImageUpscaler, imageUpscaler } from '../../sampling/upscale.js';
import { counterRandom, integer } from '../../tensor/random.js';
import { definition } from './sr-flow.js';

let engine: Engine;
let upscaler: ImageUpscaler;
let alone: ImageUpscaler;
const data: ImageData = { channels: 3, height: 8, width: 12, levels: 256, classes: 0 };
const config = definition.schema.parse({ steps: 2, width: 8, features: 6, blocks: 1 });

beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
  const model = definition.build(config, data);
  const leaves = leavesOf(model.parameters);
  const weights = await engine.createStore({ leaves });
  await weights.write(initialise(model.parameters, 1));
  upscaler = await imageUpscaler({ engine, model, data, weights, batchSize: 4 });
  alone = await imageUpscaler({ engine, model, data, weights, batchSize: 1 });
});
afterAll(() => engine.dispose());

const count = 5;
const smallSize = 3 * 2 * 3;
const small = (low: number, high: number): Float32Array => {
  const random = counterRandom(1, 'small', 0);
  return Float32Array.from({ length: count * smallSize }, () => low + integer(random, high - low + 1));
};

describe('SRFlow', () => {
  it('made small again, what it enlarged is the small image: exactly, where nothing is clipped', async () => {
    const images = small(90, 160);
    const [large] = await upscaler.enlarge({ small: images, temperature: 0.1, seed: 3 });
    expect(large!.length).toBe(16 * images.length);
    const again = await upscaler.reduce(large!);
    const worst = again.reduce((most, value, i) => Math.max(most, Math.abs(value - images[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('gives back most of what clipping takes: above 40 dB on black and white', async () => {
    const images = small(0, 1).map((value) => 255 * value);
    const [large] = await upscaler.enlarge({ small: images, temperature: 0.2, seed: 3 });
    const again = await upscaler.reduce(large!);
    const squared = again.reduce((sum, value, i) => sum + (value - images[i]!) ** 2, 0) / again.length;
    expect(10 * Math.log10(255 ** 2 / squared)).toBeGreaterThan(40);
  });

  it('draws another image each time, the same ones for a seed, whatever the batch', async () => {
    const images = small(0, 255);
    const samples = await upscaler.enlarge({ small: images, samples: 2, seed: 7 });
    expect(samples[0]).not.toEqual(samples[1]);
    expect(await alone.enlarge({ small: images, samples: 2, seed: 7 })).toEqual(samples);
    const [second] = await upscaler.enlarge({ small: images, seed: 8 });
    expect(second).toEqual(samples[1]);
  });

  it('has one image in the middle, which no seed changes', async () => {
    const images = small(0, 255);
    const [first, second] = await upscaler.enlarge({ small: images, samples: 2, temperature: 0 });
    expect(first).toEqual(second);
  });

  it('names a size that its factor does not divide', () => {
    expect(() => definition.build(config, { ...data, width: 10 })).toThrow(
      /model\.factor: blocks of side 4 do not divide images of 8 x 10/,
    );
  });
});
