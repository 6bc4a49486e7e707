import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import type { ImageTensors } from '../../nn/image-model.js';
import { type TinyImageModel, someImages, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import { definition } from './mae.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const config = { patch: 2, layers: 1, width: 8, heads: 2, decoderWidth: 8 };
const shape = { channels: 1, height: 8, width: 8, levels: 256, classes: 0 };
const tiny = (changes: Record<string, unknown> = {}): Promise<TinyImageModel> =>
  tinyImageModel(engine, { definition, config: { ...config, ...changes }, data: shape, gain: 3 });

const restored =
  ({ model }: TinyImageModel) =>
  (p: never, batch: ImageTensors) => ({ ...model.restorer!.restore(p, batch) });

/** Of each pixel of restored images whether it was kept. */
const keptIn = (images: Float32Array, seen: Float32Array): boolean[] =>
  Array.from(images, (pixel, index) => Math.abs(seen[index]! - pixel) < 1e-2);

describe('masked auto-encoder', () => {
  // No pixel has the grey of the mask.
  const images = someImages({ ...shape, levels: 100 }, 3);

  it('hides three quarters of the patches, whole ones, and different ones in each image and for each key', async () => {
    const model = await tiny();
    const { seen } = await model.runOn(restored(model), images);
    const kept = keptIn(images, seen!);
    const masks = [0, 1, 2].map((image) =>
      Array.from({ length: 16 }, (_, patch) => {
        const at = (y: number, x: number): boolean =>
          kept[image * 64 + (2 * Math.floor(patch / 4) + y) * 8 + 2 * (patch % 4) + x]!;
        const pixels = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
        expect(new Set(pixels).size).toBe(1);
        return pixels[0]!;
      }),
    );
    for (const mask of masks) expect(mask.filter(Boolean)).toHaveLength(4);
    expect(new Set(masks.map(String)).size).toBe(3);
    const { seen: other } = await model.runOn(restored(model), images, { key: 1 });
    expect(keptIn(images, other!)).not.toEqual(kept);
  });

  it('does not see what is masked: another image there changes nothing that it makes', async () => {
    const model = await tiny({ normalised: false });
    const first = await model.runOn(restored(model), images);
    const kept = keptIn(images, first['seen']!);
    const changed = images.map((pixel, index) => (kept[index]! ? pixel : 99 - pixel));
    const second = await model.runOn(restored(model), changed);
    expect(second['restored']).toEqual(first['restored']);
    // And what is kept matters, and is given back as it was.
    const moved = images.map((pixel, index) => (kept[index]! ? 99 - pixel : pixel));
    const third = await model.runOn(restored(model), moved);
    const masked = (values: Float32Array): number[] => Array.from(values).filter((_, index) => !kept[index]!);
    expect(masked(third['restored']!)).not.toEqual(masked(first['restored']!));
    images.forEach((pixel, index) => {
      if (kept[index]!) expect(first['restored']![index]!).toBeCloseTo(pixel, 3);
    });
  });

  it('is asked for the masked patches alone', async () => {
    const model = await tiny({ normalised: false });
    const [phase] = model.model.losses;
    const { loss } = await model.runOn((p, batch) => ({ loss: phase!.loss(p, batch).loss }), images);
    const { seen, restored: whole } = await model.runOn(restored(model), images);
    const kept = keptIn(images, seen!);
    const errors = Array.from(images, (pixel, index) => ((whole![index]! - pixel) * 2) / 255).filter(
      (_, index) => !kept[index]!,
    );
    // What is shown is cut to what pixels can be, so the error of the loss is no smaller.
    expect(errors).toHaveLength(3 * 48);
    expect(loss![0]!).toBeGreaterThanOrEqual(errors.reduce((sum, e) => sum + e * e, 0) / errors.length - 1e-5);
  });

  it.each(['mean', 'class'])('gives features of the whole image, whatever the key (pooling: %s)', async (pooling) => {
    const model = await tiny({ pooling });
    const features = model.model.features!;
    const of = (p: never, batch: ImageTensors) => ({ y: features.of(p, batch) });
    const { y } = await model.runOn(of, images);
    expect(y).toHaveLength(3 * features.size);
    expect((await model.runOn(of, images, { key: 5 }))['y']).toEqual(y);
    // A row of a batch is what it would be alone.
    const { y: alone } = await model.runOn(of, images.slice(64, 128));
    alone!.forEach((value, index) => expect(value).toBeCloseTo(y![features.size + index]!, 5));
  });

  it.each(['mean', 'class'])(
    'gives features of each patch, whose mean are those of the image (pooling: %s)',
    async (pooling) => {
      const model = await tiny({ pooling });
      const { features, parts } = model.model;
      expect(parts).toMatchObject({ count: 16, size: 8 });
      const { each, whole } = await model.runOn(
        (p, batch) => ({ each: parts!.of(p, batch), whole: features!.of(p, batch) }),
        images,
      );
      expect(each).toHaveLength(3 * 16 * 8);
      const mean = whole!.map((_, at) => {
        const [image, number] = [Math.floor(at / 8), at % 8];
        return (
          Array.from({ length: 16 }, (_part, part) => each![(16 * image + part) * 8 + number]!).reduce(
            (a, b) => a + b,
          ) / 16
        );
      });
      const distance = Math.max(...mean.map((value, at) => Math.abs(value - whole![at]!)));
      if (pooling === 'mean') expect(distance).toBeLessThan(1e-5);
      else expect(distance).toBeGreaterThan(1e-3);
      // Nothing of the decoder belongs to them.
      expect(Object.keys(parts!.parameters).sort()).toEqual(
        ['embed', 'encoder', ...(pooling === 'class' ? ['classToken'] : [])].sort(),
      );
    },
  );

  it("normalises each patch by its own mean and deviation: a patch's contrast and brightness do not matter", async () => {
    const model = await tiny({ masked: 0.95 });
    const [phase] = model.model.losses;
    const lossOf = async (pixels: Float32Array): Promise<number> =>
      (await model.runOn((p, batch) => ({ loss: phase!.loss(p, batch).loss }), pixels))['loss']![0]!;
    const { seen } = await model.runOn(restored(model), images);
    const kept = keptIn(images, seen!);
    const brighter = images.map((pixel, index) => (kept[index]! ? pixel : 2 * pixel + 30));
    expect(Math.abs((await lossOf(brighter)) / (await lossOf(images)) - 1)).toBeLessThan(0.02);
  });

  it.each([0.05, 0.95])('masks one patch at least, and shows one (masked: %f)', async (masked) => {
    const model = await tiny({ masked, patch: 4 });
    const [phase] = model.model.losses;
    const { loss } = await model.runOn((p, batch) => ({ loss: phase!.loss(p, batch).loss }), images);
    expect(loss![0]).toBeGreaterThan(0);
    const { seen } = await model.runOn(restored(model), images);
    const share = keptIn(images, seen!).filter(Boolean).length / images.length;
    expect(share).toBe(masked < 0.5 ? 0.75 : 0.25);
  });

  it('says which key cannot be', () => {
    const data = { channels: 1, height: 8, width: 8, levels: 256, classes: 0 };
    const build = (changes: object) => () => definition.build(definition.schema.parse({ ...config, ...changes }), data);
    expect(build({ patch: 3 })).toThrow(/model\.patch/);
    expect(build({ heads: 3 })).toThrow(/3 heads/);
    expect(build({ patch: 8 })).toThrow(/model\.patch: .* one patch/);
  });
});
