import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listImageModels } from '../formats/image-models.js';
import type { Density, ImageData } from '../nn/image-model.js';
import { Engine } from '../runtime/engine.js';
import { type TinyImageModel, allImages, logProbOf, tinyImageModel } from '../sampling/tiny-image-model.test-helper.js';

/**
 * What every density must do, by its kind. All models that have one are found and tried, on images so small that all of
 * them can be listed: what is claimed of each, summed over all images, must not be more than there is.
 */

interface Tiny {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly side?: number;
  /** Of the random weights. Default 0.2. */
  readonly deviation?: number;
}

/** Models whose defaults are too large for four binary pixels, or whose networks need more of them. */
const sizes: Readonly<Record<string, Tiny>> = {
  vae: { config: { width: 8, latents: 2 } },
  'vae-flow': {
    deviation: 0.1,
    config: { width: 8, latents: 2, context: 4, flowWidth: 8, posteriorSteps: 2, priorSteps: 2 },
  },
  'vq-vae': { side: 4, config: { width: 4, codes: 3, codeSize: 2, prior: { width: 4, layers: 1, hidden: 4 } } },
  glow: { config: { levels: [{ squeeze: 2, steps: 2, width: 4 }] } },
  'real-nvp': { config: { couplings: 1, width: 4, scales: 1 } },
  maf: { config: { layers: 2, width: 8 } },
};

const dataOf = (name: string): ImageData => {
  const side = sizes[name]?.side ?? 2;
  return { channels: 1, height: side, width: side, levels: 2, classes: 0 };
};

/** They give no probability of an image; that of image-gpt is of tokens, whose own test lists them all. */
const others = ['autoencoder', 'mae', 'sr-flow', 'classifier', 'image-gpt'];
const models = (await listImageModels()).filter(({ definition: { name } }) => !others.includes(name));

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

/** Σ over images of exp(mean over keys of the claimed log p), and of the mean of p itself. */
async function sums(tiny: TinyImageModel, density: Density, keys: number) {
  const { data } = tiny;
  const images = allImages(data);
  const count = images.length / (data.height * data.width);
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
  it.each(models.map(({ definition }) => [definition.name, definition] as const))('%s', async (name, definition) => {
    const { config = {}, deviation = 0.2 } = sizes[name] ?? {};
    const tiny = await tinyImageModel(engine, { definition, config, data: dataOf(name), deviation });
    const density = tiny.model.density!;
    const isExact = density.kind === 'exact';
    const { claimed } = await sums(tiny, density, isExact || tiny.data.height > 2 ? 1 : 300);
    if (isExact) expect(claimed).toBeCloseTo(1, 4);
    else expect(claimed).toBeLessThan(1.005);
    // A bound that says nothing would pass otherwise.
    expect(claimed).toBeGreaterThan(0.02);
    if (tiny.model.tighter) {
      // The mean of an importance-weighted estimate is the probability itself.
      const estimate = tiny.model.tighter(500);
      expect(estimate).toMatchObject({ kind: 'estimate', draws: 500 });
      const { probability } = await sums(tiny, estimate, 40);
      expect(Math.abs(probability - 1)).toBeLessThan(0.05);
    }
  });
});
