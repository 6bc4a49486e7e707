import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import type { Tensor } from '../../tensor/index.js';
import { definition } from './guided-diffusion.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const [height, width] = [8, 8];
const config = { channels: [4], attention: [], conditional: false };

/** What a model is given of two images, one dark on the left and bright on the right, the other grey. */
async function given(changes: Record<string, unknown>, channels = 1): Promise<Float32Array> {
  const data = { channels, height, width, levels: 256, classes: 0 };
  const model = definition.build(definition.schema.parse({ ...config, ...changes }), data);
  const shape = [2, channels, height, width];
  const program = await engine.compile(
    ({ images }: { images: Tensor }) => ({ given: model.denoiser!.given!.of(images) }),
    { images: { shape, dtype: 'float32' as const } },
  );
  const size = channels * height * width;
  const images = Float32Array.from({ length: 2 * size }, (_, at) => (at < size ? (at % width < 4 ? 0 : 255) : 128));
  return ((await program.run({ images })) as { given: Float32Array }).given;
}

describe('what guided diffusion is given of an image', () => {
  it.each([1, 3])(
    'is a map of dark, grey and bright regions, one of them at each pixel: %i channels',
    async (channels) => {
      const map = await given({ given: 'regions', regions: 3, blur: 1 }, channels);
      const area = height * width;
      expect(map).toHaveLength(2 * 3 * area);
      const at = (image: number, region: number, x: number): number => map[(image * 3 + region) * area + x]!;
      expect([0, 1, 2].map((region) => at(0, region, 0))).toEqual([1, 0, 0]);
      expect([0, 1, 2].map((region) => at(0, region, 7))).toEqual([0, 0, 1]);
      expect([0, 1, 2].map((region) => at(1, region, 3))).toEqual([0, 1, 0]);
      const blurred = await given({ given: 'regions', regions: 4, blur: 5 }, channels);
      for (let pixel = 0; pixel < area; pixel++)
        expect([0, 1, 2, 3].reduce((sum, region) => sum + blurred[region * area + pixel]!, 0)).toBe(1);
    },
  );

  it('is the same image in fewer pixels', async () => {
    const small = await given({ given: 'small', factor: 4 });
    expect([...small]).toEqual([0, 255, 0, 255, 128, 128, 128, 128]);
  });

  it('says which settings are impossible', async () => {
    await expect(given({ given: 'small', factor: 3 })).rejects.toThrow(/3 does not divide 8 x 8/);
    await expect(given({ given: 'regions', blur: 4 })).rejects.toThrow(/an odd side, not 4/);
  });
});
