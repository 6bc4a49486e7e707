import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listImageModels } from '../formats/image-models.js';
import type { Density, ImageData, ImageModelDefinition } from '../nn/image-model.js';
import { Engine } from '../runtime/engine.js';
import { type TinyImageModel, allImages, logProbOf, tinyImageModel } from '../sampling/tiny-image-model.test-helper.js';

/**
 * What every density must do, by its kind. All models that have one are found and tried, on images so small that all of
 * them can be listed: what is claimed of each, summed over all images, must not be more than there is.
 */

const numberOfImages = ({ channels, height, width, levels }: ImageData): number =>
  levels ** (channels * height * width);

/** Two levels and four, and 256 where a model takes a single pixel. */
function kindsOf({ tiny = {}, text = false }: ImageModelDefinition): ImageData[] {
  const { side = 2, classes = 0 } = tiny;
  const square = (length: number, levels: number): ImageData => ({
    channels: 1,
    height: length,
    width: length,
    levels,
    classes,
    ...(text && { text: { vocabulary: 5, length: 3 } }),
  });
  const several = Math.max(2, side);
  const all = [square(several, 2), square(several, 4), square(side, 256)];
  return all.filter((data) => numberOfImages(data) <= 2 ** 16);
}

interface Case {
  readonly definition: ImageModelDefinition;
  readonly config: Readonly<Record<string, unknown>>;
  readonly data: ImageData;
  readonly density: Density;
}

/** Of models with a density, and that of images, not of something else. */
const cases: readonly (readonly [title: string, Case])[] = (await listImageModels()).flatMap(({ definition }) =>
  kindsOf(definition).flatMap((data) => {
    const { config = {} } = definition.tiny ?? {};
    const { density } = definition.build(definition.schema.parse(config), data);
    const title = `${definition.name}, ${data.height} x ${data.width} pixels of ${data.levels} levels`;
    return density === undefined || density.of !== undefined
      ? []
      : [[title, { definition, config, data, density }] as const];
  }),
);

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

/** exp of a mean is more than it should be by the variance of that mean. */
const fewestKeys = 100;

/** Σ over images of exp(mean over keys of the claimed log p), and of the mean of p itself. */
async function sums(tiny: TinyImageModel, density: Density, keys: number) {
  const { data } = tiny;
  const images = allImages(data);
  const count = numberOfImages(data);
  const logProb = await logProbOf(engine, tiny, density, count);
  const logs = new Float64Array(count);
  let probability = 0;
  for (let key = 0; key < keys; key++) {
    (await logProb(images, { key })).forEach((value, index) => {
      logs[index]! += value / keys;
      probability += Math.exp(value) / keys;
    });
  }
  return { claimed: logs.reduce((sum, value) => sum + Math.exp(value), 0), probability };
}

describe('the density of every model, summed over all images', () => {
  it.each(cases)('%s', async (_, { definition, config, data, density }) => {
    const isExact = density.kind === 'exact';
    // From proposals that are far off, estimates would need many more draws.
    const tiny = await tinyImageModel(engine, { definition, config, data, deviation: isExact ? 0.2 : 0.1 });
    // The chance in sixteen images takes many keys to average; in more of them it does so by itself.
    const keys = (ofSixteen: number): number => Math.max(1, Math.ceil((16 * ofSixteen) / numberOfImages(data)));
    const { claimed } = await sums(tiny, density, isExact ? 1 : Math.max(fewestKeys, keys(300)));
    if (isExact) expect(claimed).toBeCloseTo(1, 4);
    else expect(claimed).toBeLessThan(1.005);
    // A bound that says nothing would pass otherwise.
    expect(claimed).toBeGreaterThan(0.02);
    if (tiny.model.tighter) {
      // The mean of an importance-weighted estimate is the probability itself.
      const estimate = tiny.model.tighter(500);
      expect(estimate).toMatchObject({ kind: 'estimate', draws: 500 });
      const { probability } = await sums(tiny, estimate, keys(40));
      expect(Math.abs(probability - 1)).toBeLessThan(0.05);
    }
  });

  it('is that of many models', () => {
    expect(
      new Set(
        cases.map(
          ([
            ,
            {
              definition: { name },
            },
          ]) => name,
        ),
      ).size,
    ).toBeGreaterThan(8);
    expect(
      new Set(
        cases.map(
          ([
            ,
            {
              data: { levels },
            },
          ]) => levels,
        ),
      ),
    ).toEqual(new Set([2, 4, 256]));
  });
});
