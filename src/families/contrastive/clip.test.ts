import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageBatchSpec } from '../../data/images/batches.js';
import type { ImageTensors } from '../../nn/image-model.js';
import type { ImageTextParameters } from '../../nn/image-text-encoders.js';
import { linear } from '../../nn/layers.js';
import { Engine, type Store } from '../../runtime/engine.js';
import { randomWeights, someImages } from '../../sampling/tiny-image-model.test-helper.js';
import { relu, reshape, transpose } from '../../tensor/index.js';
import { definition } from './clip.js';

const text = { vocabulary: 10, length: 4 };
const data = { channels: 3, height: 9, width: 6, levels: 256, classes: 0, text };
const model = definition.build(definition.schema.parse({ ...definition.tiny!.config, dropout: 0.5 }), data);

describe('clip', () => {
  let engine: Engine;
  let weights: Store;
  beforeAll(async () => {
    engine = await Engine.create({ threads: 1 });
    weights = await randomWeights(engine, model.parameters);
  });
  afterAll(() => engine.dispose());

  const images = someImages(data, 3);
  const tokens = Int32Array.of(1, 2, 9, 0, 3, 9, 0, 0, 4, 5, 6, 9);

  async function run(count: number, { key = 0, scale = 0.1 } = {}) {
    const program = await engine.compile(
      (({ p, batch }: { p: never; batch: ImageTensors }) => ({
        images: model.embeddings!.ofImages(p, batch),
        captions: model.embeddings!.ofText(p, batch.tokens!),
        ...model.losses[0]!.loss(p, batch).metrics,
        loss: model.losses[0]!.loss(p, batch).loss,
      })) as never,
      { p: model.parameters, batch: imageBatchSpec(data, count, text) },
    );
    await weights.write({ ...(await weights.read()), logScale: Float32Array.of(scale) });
    const batch = {
      images: images.slice(0, (count * images.length) / 3),
      labels: new Int32Array(count),
      tokens: tokens.slice(0, 4 * count),
      key: Int32Array.of(key, 0),
    };
    return (await program.run({ p: weights, batch })) as Record<
      'images' | 'captions' | 'scale' | 'accuracy' | 'loss',
      Float32Array
    >;
  }

  it('gives features of each place of its last convolution, which the last hidden layer reads', async () => {
    const { parts, features, parameters } = model;
    expect(parts).toMatchObject({ count: 15, size: 4 });
    const program = await engine.compile(
      (({ p, batch }: { p: ImageTextParameters; batch: ImageTensors }) => {
        const flat = reshape(transpose(parts!.of(p as never, batch), [0, 2, 1]), [3, 60]);
        return { read: relu(linear(p.image.hidden, flat)), whole: features!.of(p as never, batch) };
      }) as never,
      { p: parameters, batch: imageBatchSpec(data, 3, text) },
    );
    const batch = { images, labels: new Int32Array(3), tokens, key: new Int32Array(2) };
    const { read, whole } = (await program.run({ p: weights, batch })) as Record<'read' | 'whole', Float32Array>;
    read.forEach((value, at) => {
      expect(value).toBeCloseTo(whole[at]!, 4);
    });
  });

  it('gives points of length 1, of each image and caption by itself, and leaves nothing out but in training', async () => {
    const [all, other, alone] = [await run(3), await run(3, { key: 1 }), await run(1)];
    for (const points of [all.images, all.captions]) {
      for (const row of [0, 1, 2]) {
        const squares = points.subarray(5 * row, 5 * row + 5).reduce((sum, value) => sum + value ** 2, 0);
        expect(squares).toBeCloseTo(1, 4);
      }
    }
    alone.images.forEach((value, at) => {
      expect(value).toBeCloseTo(all.images[at]!, 5);
    });
    alone.captions.forEach((value, at) => {
      expect(value).toBeCloseTo(all.captions[at]!, 5);
    });
    expect(other.images).toEqual(all.images);
    expect(other.loss[0]).not.toBe(all.loss[0]);
  });

  it('starts at a temperature of 0.07 and keeps it from falling below 0.01', async () => {
    expect((await run(3, { scale: 0 })).scale[0]).toBeCloseTo(1 / 0.07, 4);
    expect((await run(3, { scale: 9 })).scale[0]).toBe(100);
  });

  it('wants captions', () => {
    const { text: _, ...bare } = data;
    expect(() => definition.build(definition.schema.parse({}), bare)).toThrow(/reads captions/);
  });
});
