import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Density, ImageData } from '../../nn/image-model.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { imageSampler } from '../../sampling/images.js';
import { logProbOf, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import { counterRandom } from '../../tensor/random.js';
import { definition as plain } from './vae.js';
import { definition } from './vae-flow.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const data: ImageData = { channels: 1, height: 4, width: 4, levels: 2, classes: 0 };
const config = { width: 12, latents: 3, context: 5, flowWidth: 8, posteriorSteps: 2, priorSteps: 2 };
const batch = 8;
const images = (() => {
  const random = counterRandom(2, 'binary images', 0);
  return Float32Array.from({ length: batch * 16 }, () => Number(random() < 0.4));
})();

async function meanOf(tiny: Parameters<typeof logProbOf>[1], density: Density, times: number): Promise<number> {
  const logProb = await logProbOf(engine, tiny, density, batch);
  let total = 0;
  for (let key = 0; key < times; key++) {
    total += (await logProb(images, { key })).reduce((sum, value) => sum + value, 0) / (batch * times);
  }
  return total;
}

describe('a VAE with flows', () => {
  it('bounds rise with the number of draws, and are of one likelihood', async () => {
    const tiny = await tinyImageModel(engine, { definition, config, data, deviation: 0.4 });
    const { model } = tiny;
    const bound = await meanOf(tiny, model.density!, 300);
    const tight = await meanOf(tiny, model.tighter!(20), 60);
    const tighter = await meanOf(tiny, model.tighter!(400), 10);
    expect(model.density!.kind).toBe('lower-bound');
    expect(bound).toBeLessThan(tight);
    expect(tight).toBeLessThan(tighter + 0.02);
    // One draw in expectation is the bound.
    expect(await meanOf(tiny, model.tighter!(1), 300)).toBeCloseTo(bound, 1);
  });

  it('without steps it is the plain VAE: the same likelihood of the same weights', async () => {
    const none = { ...config, context: 1, posteriorSteps: 0, priorSteps: 0 };
    const tiny = await tinyImageModel(engine, { definition, config: none, data, deviation: 0.4 });
    const { width, latents } = config;
    const other = plain.build(plain.schema.parse({ width, latents }), data);
    const leaves = leavesOf(other.parameters);
    const store = await engine.createStore({ leaves });
    const values = await tiny.weights.read();
    // The plain encoder lacks the numbers of the context, the last column of its last layer.
    await store.write(
      Object.fromEntries(
        leaves.map(({ path, shape }) => {
          const size = shape.reduce((product, length) => product * length, 1);
          const from = values[path]!;
          if (from.length === size) return [path, from];
          const columns = shape.at(-1)!;
          return [
            path,
            Float32Array.from(
              { length: size },
              (_, at) => from[Math.floor(at / columns) * (columns + 1) + (at % columns)]!,
            ),
          ];
        }),
      ),
    );
    const found = await meanOf(tiny, tiny.model.tighter!(400), 10);
    expect(await meanOf({ model: other, weights: store, data }, other.tighter!(400), 10)).toBeCloseTo(found, 1);
  });

  it('begins with a standard normal prior, and draws images of 0 to 1', async () => {
    const model = definition.build(definition.schema.parse(config), data);
    const leaves = leavesOf(model.parameters);
    const weights = await engine.createStore({ leaves });
    await weights.write(initialise(model.parameters, 1));
    const sample = await imageSampler({ engine, model, data, weights, batchSize: 4 });
    const { images: drawn } = await sample({ count: 4, seed: 1 });
    expect(drawn.every((value) => value > 0 && value < 1)).toBe(true);
    // A rotation of the code is as probable as the code: the prior's flow moves no probability yet.
    const density = await meanOf({ model, weights, data }, model.density!, 200);
    const standard = definition.build(definition.schema.parse({ ...config, priorSteps: 0 }), data);
    const bare = await engine.createStore({
      leaves: leavesOf(standard.parameters),
    });
    await bare.write(initialise(standard.parameters, 1));
    expect(await meanOf({ model: standard, weights: bare, data }, standard.density!, 200)).toBeCloseTo(density, 4);
  });
});
