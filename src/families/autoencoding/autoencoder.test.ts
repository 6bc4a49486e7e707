import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageTensors } from '../../nn/image-model.js';
import { Engine } from '../../runtime/engine.js';
import { someImages, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import { definition } from './autoencoder.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const count = 40;
const shape = { channels: 1, height: 8, width: 8, levels: 256, classes: 0 };
/** Neither black nor white, so that what was masked shows. */
const images = someImages({ ...shape, levels: 200 }, count).map((pixel) => pixel + 20);
const build = (config: Record<string, unknown>) =>
  tinyImageModel(engine, { definition, config: { width: 16, layers: 1, latents: 4, ...config }, data: shape, gain: 1 });

describe('auto-encoder', () => {
  it.each(['mlp', 'convolutional'])('goes through its code and back (%s)', async (network) => {
    const { model, runOn } = await build({ network, ...(network === 'convolutional' && { width: 4 }) });
    const codec = model.codec!;
    const { code, again, features } = await runOn((p, batch) => {
      const encoded = codec.encode(p, batch);
      return { code: encoded, again: codec.decode(p, encoded, batch.labels), features: model.features!.of(p, batch) };
    }, images);
    expect(code).toHaveLength(count * 4);
    expect(features).toEqual(code);
    expect(again).toHaveLength(images.length);
    expect(again!.every((pixel) => pixel >= 0 && pixel <= 255)).toBe(true);
  });

  it('loses the squared error of its own reconstruction, summed over the pixels', async () => {
    const { model, runOn } = await build({});
    const [phase] = model.losses;
    const { loss, again } = await runOn(
      (p, batch) => ({
        loss: phase!.loss(p, batch).loss,
        again: model.codec!.decode(p, model.codec!.encode(p, batch), batch.labels),
      }),
      images,
    );
    const squares = images.reduce((sum, pixel, index) => sum + ((pixel - again![index]!) / 255) ** 2, 0);
    expect(loss![0]! / (squares / count)).toBeCloseTo(1, 4);
    expect(model.restorer).toBeUndefined();
  });

  it.each([
    ['masking', (before: number, after: number) => after === 0 && before !== 0],
    ['salt-and-pepper', (_: number, after: number) => after === 0 || after === 255],
  ] as const)('corrupts its share of the pixels (%s)', async (corruption, isCorrupt) => {
    const amount = 0.3;
    const { model, runOn } = await build({ corruption, amount });
    const { seen } = await runOn((p, batch: ImageTensors) => ({ ...model.restorer!.restore(p, batch) }), images);
    const corrupt = seen!.reduce((sum, pixel, index) => sum + (isCorrupt(images[index]!, pixel) ? 1 : 0), 0);
    // Five standard errors.
    expect(Math.abs(corrupt / images.length - amount)).toBeLessThan(
      5 * Math.sqrt((amount * (1 - amount)) / images.length),
    );
    const untouched = seen!.filter((pixel, index) => Math.abs(pixel - images[index]!) < 1e-3);
    expect(untouched.length + corrupt).toBe(images.length);
  });

  it('adds Gaussian noise of its deviation', async () => {
    const { model, runOn } = await build({ corruption: 'gaussian', amount: 0.05 });
    // Far from black and white, where the picture of it would be cut.
    const grey = images.map(() => 128);
    const { seen } = await runOn((p, batch: ImageTensors) => ({ ...model.restorer!.restore(p, batch) }), grey);
    const deviation = Math.sqrt(seen!.reduce((sum, pixel) => sum + ((pixel - 128) / 255) ** 2, 0) / seen!.length);
    expect(Math.abs(deviation / 0.05 - 1)).toBeLessThan(5 / Math.sqrt(2 * images.length));
  });

  it('is asked for the clean image: encodes what is corrupted, measures against what is not', async () => {
    const { model, runOn } = await build({ corruption: 'masking', amount: 1 });
    const [phase] = model.losses;
    const lossOf = async (pixels: Float32Array): Promise<number> =>
      (await runOn((p, batch) => ({ loss: phase!.loss(p, batch).loss }), pixels))['loss']![0]!;
    const { restored } = await runOn((p, batch: ImageTensors) => ({ ...model.restorer!.restore(p, batch) }), images);
    const squares = images.reduce((sum, pixel, index) => sum + ((pixel - restored![index]!) / 255) ** 2, 0) / count;
    expect((await lossOf(images)) / squares).toBeCloseTo(1, 4);
  });
});
