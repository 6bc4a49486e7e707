import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from 'fast-png';
import { definition as game } from '../families/adversarial/super-resolution-gan.js';
import { definition } from '../families/flow/sr-flow.js';
import { saveImageModel } from '../formats/image-model-folder.js';
import { encodePng, grid } from '../formats/pictures.js';
import { initialise } from '../nn/parameters.js';
import { counterRandom, integer } from '../tensor/random.js';
import { gifFrames } from './gif.test-helper.js';
import { type UpscaleFlags, upscaleCommand } from './actions/upscale.js';
import { enlargedPlainly } from './upscale-strip.js';

const small = { channels: 1, height: 2, width: 3 };
const large = { channels: 1, height: 8, width: 12 };

describe('plain enlargement', () => {
  it('repeats pixels, and a constant image stays constant', () => {
    const images = Float32Array.of(1, 2, 3, 4, 5, 6);
    const repeated = enlargedPlainly(images, small, large, 'nearest');
    expect(Array.from(repeated.subarray(0, 12))).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect(Array.from(repeated.subarray(84))).toEqual([4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6]);
    const grey = enlargedPlainly(new Float32Array(12).fill(77), small, large, 'bicubic');
    expect(grey.length).toBe(2 * 96);
    expect(grey.every((value) => value === 77)).toBe(true);
  });
});

describe('descent upscale', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'descent-upscale-'));
    const config = definition.schema.parse({ steps: 1, width: 4, features: 4, blocks: 0 });
    const lineage = { stage: 'flow: sr-flow', name: 'sr-flow', ancestors: [], settings: {}, results: {} };
    for (const [name, shape] of [
      ['model', large],
      ['square', { ...large, width: 8 }],
    ] as const) {
      const images = { ...shape, pixels: 'bytes' as const, labelNames: [] };
      const values = initialise(definition.build(config, { ...shape, levels: 256, classes: 0 }).parameters, 1);
      await saveImageModel({ folder: join(folder, name), definition, config, images, values, lineage });
    }
    const settings = game.schema.parse({ width: 4, blocks: 1, fine: 2, discriminatorWidth: 2 });
    const images = { ...large, pixels: 'bytes' as const, labelNames: [] };
    await saveImageModel({
      ...{ folder: join(folder, 'game'), definition: game, config: settings, images },
      values: initialise(game.build(settings, { ...large, levels: 256, classes: 0 }).parameters, 1),
      lineage: { ...lineage, stage: 'adversarial: super-resolution-gan', name: 'super-resolution-gan' },
    });
    const random = counterRandom(1, 'pictures', 0);
    const picture = async (name: string, shape: typeof large): Promise<void> => {
      const size = shape.height * shape.width;
      const pixels = Float32Array.from({ length: size }, () => integer(random, 256));
      await writeFile(join(folder, name), encodePng(grid({ ...shape, values: pixels, largest: 255 })));
    };
    await picture('large.png', large);
    await picture('small.png', small);
    await picture('odd.png', { ...large, height: 5 });
    await mkdir(join(folder, 'mixed'));
    await picture('mixed/a.png', { ...large, height: 20 });
    await picture('mixed/b.png', { ...large, width: 31 });
    await writeFile(join(folder, 'mixed', 'half.png'), (await readFile(join(folder, 'large.png'))).subarray(0, 40));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const upscale = async (images: string, flags: Partial<UpscaleFlags> = {}, model = 'model') => {
    const said: string[] = [];
    let answered: Record<string, unknown> = {};
    const out = join(folder, 'out', 'strip.png');
    await upscaleCommand({
      positional: [join(folder, model), join(folder, images)],
      flags: { temperature: 0.5, seed: 1, n: 3, images: 8, out, device: 'cpu', threads: 1, fit: 'crop', ...flags },
      config: undefined,
      given: {},
      json: true,
      say: (text) => said.push(text),
      answer: (value) => (answered = value as Record<string, unknown>),
      signal: new AbortController().signal,
    });
    return { answered, said, bytes: await readFile(out) };
  };

  it('writes small, bicubic, samples and original in a row, and says how faithful they are', async () => {
    const { answered, bytes } = await upscale('large.png');
    const { width, height } = decode(bytes);
    expect([width, height]).toEqual([6 * (2 * 12 + 2) - 2, 2 * 8]);
    expect(answered).toMatchObject({ images: 1, samples: 3, temperature: 0.5 });
    for (const key of ['consistency', 'peakSignalToNoise', 'bicubicPeakSignalToNoise'])
      expect(answered[key]).toBeGreaterThan(0);
    expect((await upscale('large.png')).bytes).toEqual(bytes);
    expect((await upscale('large.png', { seed: 2 })).bytes).not.toEqual(bytes);
  });

  it('shows in an animation what the temperature changes', async () => {
    const animate = join(folder, 'out', 'warmer.gif');
    const { answered } = await upscale('large.png', { animate, temperature: 0.8 });
    expect(answered['animation']).toBe(animate);
    const frames = await gifFrames(animate);
    // Ten temperatures, and back without the ends.
    expect(frames).toBe(18);
    await expect(upscale('large.png', { animate, temperature: 0 })).rejects.toThrow(/leaves nothing to change/);
  });

  it('of a model without noise gives one large image, whatever the seed', async () => {
    const { answered, bytes } = await upscale('large.png', { n: 1 }, 'game');
    expect(decode(bytes).width).toBe(4 * (2 * 12 + 2) - 2);
    expect(answered['consistency']).toBeGreaterThan(0);
    expect((await upscale('large.png', { n: 1, seed: 2 }, 'game')).bytes).toEqual(bytes);
  });

  it('takes small images too, which have no original', async () => {
    const { answered, bytes } = await upscale('small.png', { n: 1 });
    expect(decode(bytes).width).toBe(3 * (2 * 12 + 2) - 2);
    expect(answered).not.toHaveProperty('peakSignalToNoise');
  });

  it('says which sizes it takes', async () => {
    await expect(upscale('odd.png')).rejects.toThrow(/5 x 12/);
    const advice = expect.stringMatching(/--size 2 enlarges small pictures, --size 8 compares/) as string;
    await expect(upscale('odd.png', {}, 'square')).rejects.toMatchObject({ advice });
  });

  it('brings pictures of other and of mixed sizes to one, as small images or as originals', async () => {
    await expect(upscale('mixed', { skipBad: true }, 'square')).rejects.toMatchObject({
      advice: expect.stringContaining('--size') as string,
    });
    const { answered, said } = await upscale('mixed', { skipBad: true, size: 2 }, 'square');
    expect(answered).toMatchObject({ images: 2 });
    expect(answered).not.toHaveProperty('peakSignalToNoise');
    expect(said.join('')).toMatch(/1 bad row left out:\n.*half\.png/);
    const compared = await upscale('mixed', { skipBad: true, size: 8 }, 'square');
    expect(compared.answered['peakSignalToNoise']).toBeGreaterThan(0);
    const padded = await upscale('mixed', { skipBad: true, size: 8, fit: 'pad' }, 'square');
    expect(padded.bytes).not.toEqual(compared.bytes);
  });
});
