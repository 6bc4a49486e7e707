import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageData } from '../../nn/image-model.js';
import { Engine } from '../../runtime/engine.js';
import { imageSampler } from '../../sampling/images.js';
import { type TinyImageModel, randomWeights, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import type { Tensor } from '../../tensor/index.js';
import { definition as dalle2 } from './dalle2.js';
import { type PriorParameters, pointPrior } from './point-prior.js';
import { definition as stableDiffusion } from './stable-diffusion.js';

/** What every model that draws from text must do. */

const text = { vocabulary: 10, length: 4 };
// Of fewer pixels a grid of codes would have one place, and group normalisation would leave nothing of it.
const data: ImageData = { channels: 1, height: 8, width: 8, levels: 256, classes: 0, text };
const [one, two, none] = [Int32Array.of(1, 2, 9, 0), Int32Array.of(3, 9, 0, 0), new Int32Array(4)];

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const size = 64;
const rowsOf = (images: Float32Array): number[][] =>
  Array.from({ length: images.length / size }, (_, row) => [...images.subarray(row * size, (row + 1) * size)]);

describe.each([
  ['stable-diffusion', stableDiffusion],
  ['dalle2', dalle2],
])('%s', (_, definition) => {
  let tiny: TinyImageModel;
  beforeAll(async () => {
    tiny = await tinyImageModel(engine, { definition, config: definition.tiny!.config!, data, deviation: 0.4 });
  });
  const draw = async (
    captions: readonly Int32Array[] | undefined,
    options: { guidance?: number; batchSize?: number } = {},
  ) => {
    const { guidance, batchSize = 2 } = options;
    const sample = await imageSampler({ engine, ...tiny, batchSize });
    const { images } = await sample({
      ...{ count: 3, seed: 4 },
      ...(captions && { captions }),
      ...(guidance !== undefined && { denoising: { guidance } }),
    });
    return rowsOf(images);
  };

  it('draws what its caption says: another image for another caption, the same in any batch', async () => {
    const [same, other] = [await draw([one]), await draw([two])];
    expect(same.flat().every((value) => value >= 0 && value <= 255)).toBe(true);
    expect(other).not.toEqual(same);
    expect((await draw([one, two], { batchSize: 3 })).map((row) => row.map(Math.round))).toEqual([
      same[0]!.map(Math.round),
      other[1]!.map(Math.round),
      same[2]!.map(Math.round),
    ]);
    expect(same[1]).not.toEqual(same[0]);
  });

  it('without a caption draws as for an empty one, and with one more of it the more it is guided', async () => {
    expect(await draw(undefined)).toEqual(await draw([none]));
    const [plain, more] = [await draw([one], { guidance: 1 }), await draw([one], { guidance: 4 })];
    expect(more).not.toEqual(plain);
  });

  it('refuses to be made for images without captions', () => {
    const { text: _text, ...bare } = data;
    expect(() => definition.build(definition.schema.parse(definition.tiny!.config), bare)).toThrow(/reads captions/);
  });
});

describe('stable-diffusion, told nothing', () => {
  it('is the same for every caption', async () => {
    const tiny = await tinyImageModel(engine, {
      ...{ definition: stableDiffusion, config: stableDiffusion.tiny!.config!, data, deviation: 0.4 },
    });
    const sample = await imageSampler({ engine, ...tiny, batchSize: 2 });
    const untold = async (caption: Int32Array) =>
      (await sample({ count: 2, seed: 1, captions: [caption], denoising: { guidance: 0 } })).images;
    expect(await untold(one)).toEqual(await untold(two));
  });
});

describe("dalle2's prior", () => {
  const config = { layers: 1, width: 8, heads: 2, steps: 50, drawingSteps: 5, guidance: 1 };
  const prior = pointPrior(config, { size: 6, sequence: 4 });

  it('is told by the caption, its point and the noisy point, and not by what fills the caption up', async () => {
    const weights = await randomWeights(engine, prior.parameters);
    const program = await engine.compile(
      ({
        p,
        ...given
      }: {
        p: PriorParameters;
        x: Tensor;
        sigma: Tensor;
        sequence: Tensor;
        mask: Tensor;
        point: Tensor;
      }) => {
        const { x, sigma, ...caption } = given;
        return { clean: prior.denoise(p, { x, sigma, caption }) };
      },
      {
        p: prior.parameters,
        x: { shape: [1, 6], dtype: 'float32' },
        sigma: { shape: [1], dtype: 'float32' },
        sequence: { shape: [1, 3, 4], dtype: 'float32' },
        mask: { shape: [1, 1, 1, 3], dtype: 'float32' },
        point: { shape: [1, 6], dtype: 'float32' },
      },
    );
    const numbers = (length: number, scale = 1): Float32Array =>
      Float32Array.from({ length }, (_, index) => scale * Math.cos(3 * index + 1));
    const given = {
      ...{ p: weights, x: numbers(6), sigma: Float32Array.of(0.7), sequence: numbers(12) },
      ...{ mask: Float32Array.of(0, 0, -1e9), point: numbers(6, 0.4) },
    };
    const run = async (changed: Partial<typeof given> = {}) => [
      ...((await program.run({ ...given, ...changed })) as { clean: Float32Array }).clean,
    ];
    const clean = await run();
    const filled = Float32Array.from(given.sequence).fill(5, 8);
    expect(await run({ sequence: filled })).toEqual(clean);
    for (const changed of [
      { x: numbers(6, 2) },
      { sigma: Float32Array.of(3) },
      { point: numbers(6, -0.4) },
      { sequence: numbers(12, 2) },
    ])
      expect(await run(changed)).not.toEqual(clean);
  });

  it('draws in steps of its own, fewer than it has learned', () => {
    expect(prior.sigmas(prior.steps)).toHaveLength(5);
    expect(() => prior.sigmas(51)).toThrow(/from 1 to 50/);
  });
});
