import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImageModel } from '../../cli/open-image-model.js';
import { imageTrainingSchema, trainImages } from '../../cli/stages/images.js';
import { modelFolderOf } from '../../cli/stages/stage.js';
import { findImageModel } from '../../formats/image-models.js';
import type { ImageData, ImageModelDefinition } from '../../nn/image-model.js';
import { Engine } from '../../runtime/engine.js';
import { imageSampler } from '../../sampling/images.js';
import { noiseBatch, noiseBySeed } from '../../sampling/noise.js';
import { allImages, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import { type Tensor, float32 } from '../../tensor/index.js';
import { counterRandom, integer } from '../../tensor/random.js';
import { definition as glow } from './glow.js';
import { definition as maf } from './maf.js';
import { definition as realNvp } from './real-nvp.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const binary: ImageData = { channels: 1, height: 2, width: 2, levels: 2, classes: 0 };
const bytes: ImageData = { channels: 1, height: 4, width: 4, levels: 256, classes: 3 };
const smallGlow = { levels: [{ squeeze: 2, steps: 2, width: 4 }] };

type Case = [name: string, definition: ImageModelDefinition, config: Readonly<Record<string, unknown>>];
const flows: Case[] = [
  ['glow', glow, smallGlow],
  ['glow with splines', glow, { ...smallGlow, coupling: 'spline' }],
  [
    'glow on two scales',
    glow,
    {
      levels: [
        { squeeze: 2, steps: 1, width: 4 },
        { squeeze: 1, steps: 1, width: 4 },
      ],
    },
  ],
  ['glow with learned noise', glow, { ...smallGlow, dequantisation: 'variational' }],
  ['real-nvp', realNvp, { couplings: 1, width: 4, scales: 1 }],
  ['maf', maf, { layers: 2, width: 8 }],
];

const imageSpec = ({ channels, height, width }: ImageData, batch: number) =>
  ({
    images: { shape: [batch, channels, height, width], dtype: 'float32' },
    labels: { shape: [batch], dtype: 'int32' },
    key: { shape: [2], dtype: 'int32' },
  }) as const;

const someBytes = (data: ImageData, count: number): Float32Array => {
  const random = counterRandom(3, 'bytes', 0);
  const size = data.channels * data.height * data.width;
  // Every value from black to white, the ends more often.
  return Float32Array.from({ length: count * size }, () => Math.min(255, Math.max(0, integer(random, 400) - 70)));
};

describe('the density of every flow', () => {
  it.each(flows)(
    '%s: all images of four binary pixels together have probability 1, and its bound says less',
    async (_, definition, config) => {
      const { model, weights } = await tinyImageModel(engine, { definition, config, data: binary, deviation: 0.1 });
      const images = allImages(binary);
      const count = images.length / 4;
      expect(model.density!.kind).toBe('lower-bound');
      // Many draws of the noise at once: every image that often in one batch.
      const draws = 1000;
      const repeated = new Float32Array(draws * images.length);
      for (let draw = 0; draw < draws; draw++) repeated.set(images, draw * images.length);
      const program = await engine.compile(
        (({ parameters, batch }: { parameters: never; batch: never }) => ({
          logProb: model.density!.logProb(parameters, batch),
        })) as never,
        { parameters: model.parameters, batch: imageSpec(binary, draws * count) },
      );
      const batch = { images: repeated, labels: new Int32Array(draws * count), key: Int32Array.of(1, 2) };
      const { logProb } = (await program.run({ parameters: weights, batch })) as { logProb: Float32Array };
      // Of the noise's draws, the mean of p is the probability, and the exponential of the mean of log p is the bound.
      let [total, bound, variance] = [0, 0, 0];
      for (let image = 0; image < count; image++) {
        const logs = Array.from({ length: draws }, (_unused, draw) => logProb[draw * count + image]!);
        const mean = logs.reduce((sum, log) => sum + Math.exp(log), 0) / draws;
        variance += logs.reduce((sum, log) => sum + (Math.exp(log) - mean) ** 2, 0) / draws ** 2;
        total += mean;
        bound += Math.exp(logs.reduce((sum, log) => sum + log, 0) / draws);
      }
      expect(Math.abs(total - 1)).toBeLessThan(5 * Math.sqrt(variance) + 1e-3);
      expect(bound).toBeLessThan(1);
      expect(bound).toBeGreaterThan(0.05);
    },
  );
});

describe('codes', () => {
  const codecs = flows.filter(([, definition]) => definition !== maf);
  const cases = codecs.flatMap(([name, definition, config]) =>
    [1, 3].map((channels) => [name, channels, definition, config] as const),
  );
  it.each(cases)(
    '%s, %i channels: decoding the code of an image gives the image',
    async (_, channels, definition, config) => {
      const data = { ...bytes, channels };
      const { model, weights } = await tinyImageModel(engine, { definition, config, data, deviation: 0.2 });
      const { codec } = model;
      const program = await engine.compile(
        (({ parameters, batch }: { parameters: never; batch: { images: Tensor; labels: Tensor; key: Tensor } }) => {
          const code = codec!.encode(parameters, batch);
          return { code, images: codec!.decode(parameters, code, batch.labels) };
        }) as never,
        { parameters: model.parameters, batch: imageSpec(data, 5) },
      );
      const images = someBytes(data, 5);
      const batch = { images, labels: new Int32Array(5), key: Int32Array.of(1, 2) };
      const result = (await program.run({ parameters: weights, batch })) as {
        code: Float32Array;
        images: Float32Array;
      };
      expect(result.code.length).toBe(images.length);
      // Where the noise was next to nothing, rounding may end below the whole number.
      const off = images.map((value, index) => Math.abs(value - result.images[index]!));
      expect(Math.max(...off)).toBeLessThanOrEqual(1);
      expect(off.filter((distance) => distance > 0).length).toBeLessThanOrEqual(images.length / 100);
    },
  );
});

describe('drawing', () => {
  it.each(flows)(
    '%s: the same image whatever the batch, of whole numbers; temperature 0 is one image',
    async (_, definition, config) => {
      const { model, weights, data } = await tinyImageModel(engine, {
        definition,
        config,
        data: bytes,
        deviation: 0.2,
      });
      const sampler = (batchSize: number) => imageSampler({ engine, model, data, weights, batchSize });
      const [three, one] = [await sampler(3), await sampler(1)];
      const { images } = await three({ count: 4, seed: 5 });
      expect((await one({ count: 4, seed: 5 })).images).toEqual(images);
      expect(images.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)).toBe(true);
      expect(images.slice(0, 16)).not.toEqual(images.slice(16, 32));
      const cold = await three({ count: 2, temperature: 0, labels: 0 });
      expect(cold.images.slice(0, 16)).toEqual(cold.images.slice(16, 32));
    },
  );

  it('an autoregressive flow: what the search finds is the inverse', async () => {
    const { model, weights, data } = await tinyImageModel(engine, {
      definition: maf,
      config: { layers: 2, width: 16 },
      data: bytes,
      deviation: 0.2,
    });
    const { search, sample } = model.generative!;
    const sampler = await imageSampler({ engine, model, data, weights, batchSize: 2 });
    const { images } = await sampler({ count: 2, seed: 1 });
    // As many passes as could be needed, in one program, from a start that is far off.
    const program = await engine.compile(
      (({ parameters, noise, labels, start }: { parameters: never; noise: Tensor; labels: Tensor; start: Tensor }) => {
        let state: Record<string, Tensor> = Object.fromEntries(Object.keys(search!.state).map((name) => [name, start]));
        const given = { noise: { z: noise }, labels, controls: {} };
        for (let pass = 0; pass < search!.passes; pass++) state = search!.improve(parameters, { ...given, state });
        return { images: sample(parameters, { ...given, state }) };
      }) as never,
      {
        parameters: model.parameters,
        noise: float32(2, 16),
        labels: { shape: [2], dtype: 'int32' },
        start: float32(2, 16),
      },
    );
    const drawn = noiseBatch({ z: [16] }, { batchSize: 2, source: noiseBySeed(1), indices: [0, 1], temperature: 1 });
    const args = { noise: drawn['z']!, labels: new Int32Array(2), start: new Float32Array(32).fill(2) };
    const result = (await program.run({ parameters: weights, ...args })) as { images: Float32Array };
    expect(result.images).toEqual(images);
  });

  it('told the class, a flow draws other images for another', async () => {
    const config = { ...smallGlow, conditional: true };
    const { model, weights, data } = await tinyImageModel(engine, { definition: glow, config, data: bytes });
    const sample = await imageSampler({ engine, model, data, weights, batchSize: 2 });
    const [first, second] = [await sample({ count: 2, labels: 0 }), await sample({ count: 2, labels: 2 })];
    expect(first.images).not.toEqual(second.images);
  });
});

describe('an autoregressive flow that is told the class', () => {
  it('learns a first pixel that is nothing but the class', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'descent-maf-'));
    try {
      const [count, size] = [512, 4];
      const random = counterRandom(1, 'pixels', 0);
      const labels = Int32Array.from({ length: count }, (_, index) => index % 2);
      const pixels = Uint8Array.from({ length: count * size }, (_, at) =>
        at % size === 0 ? 255 * labels[Math.floor(at / size)]! : integer(random, 256),
      );
      const train = { name: 'some', count, channels: 1, height: 2, width: 2, pixels, labels, labelNames: ['0', '1'] };
      const reading = { fit: 'crop', filter: 'bicubic', skipBad: false, colours: false } as const;
      const found = await findImageModel('maf');
      const config = imageTrainingSchema(found).parse({
        pixels: 'threshold',
        batchSize: 64,
        evaluationImages: 64,
        model: { layers: 1, width: 8, conditional: true },
        training: { steps: 200, evaluateEvery: 200, sampleEvery: 200, schedule: { learningRate: 0.03 } },
      });
      await trainImages({ engine }, { out: folder, found, config, source: { name: 'some', id: '1', train, reading } });
      const open = await openImageModel(engine, modelFolderOf(folder));
      const sample = await open.sampler();
      for (const label of [0, 1]) {
        const { images } = await sample({ count: 200, labels: label });
        const first = images.filter((_, at) => at % size === 0);
        // A Gaussian has more than nine tenths within what is uniform; without the class it would be half.
        expect(first.filter((pixel) => pixel === label).length).toBeGreaterThan(160);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('settings', () => {
  it('a scale with a single channel is refused: nothing could tell how to move it', () => {
    const config = glow.schema.parse({ levels: [{ squeeze: 1, steps: 1, width: 4 }] });
    expect(() => glow.build(config, bytes)).toThrow(/one channel/);
  });

  it('blocks that do not divide the image are named', () => {
    const odd = { ...bytes, height: 5 };
    for (const [definition, config] of [
      [glow, smallGlow],
      [realNvp, { scales: 1 }],
    ] as const) {
      expect(() => definition.build(definition.schema.parse(config), odd)).toThrow(/5 x 4/);
    }
  });
});
