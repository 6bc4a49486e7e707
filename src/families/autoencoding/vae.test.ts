import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageBatchSpec } from '../../data/images/batches.js';
import type { Density, ImageData, ImageTensors } from '../../nn/image-model.js';
import { parameterCount } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import {
  type TinyImageModel,
  logProbOf,
  someImages,
  tinyImageModel,
} from '../../sampling/tiny-image-model.test-helper.js';
import { counterRandom } from '../../tensor/random.js';
import { definition } from './vae.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const batch = 4;

/** log p of each image, averaged over keys. */
async function meansOf(tiny: TinyImageModel, density: Density, images: Float32Array, keys: number) {
  const logProb = await logProbOf(engine, tiny, density, batch);
  const means = new Float64Array(batch);
  for (let key = 0; key < keys; key++) {
    (await logProb(images, { key })).forEach((value, index) => (means[index]! += value / keys));
  }
  return means;
}

/** log N(x; 0, C) by Cholesky's decomposition. */
function gaussianLogProb(x: readonly number[], covariance: readonly (readonly number[])[]): number {
  const lower = covariance.map((row) => row.map(() => 0));
  let log = -0.5 * x.length * Math.log(2 * Math.PI);
  const whitened: number[] = [];
  covariance.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const rest = row[j]! - lower[i]!.reduce((sum, value, k) => (k < j ? sum + value * lower[j]![k]! : sum), 0);
      lower[i]![j] = i === j ? Math.sqrt(rest) : rest / lower[j]![j]!;
    }
    const left = x[i]! - whitened.reduce((sum, value, k) => sum + value * lower[i]![k]!, 0);
    whitened.push(left / lower[i]![i]!);
    log -= Math.log(lower[i]![i]!) + 0.5 * whitened[i]! ** 2;
  });
  return log;
}

describe('a linear VAE with Gaussian pixels, whose likelihood is known', () => {
  const data: ImageData = { channels: 1, height: 1, width: 3, levels: 256, classes: 0 };
  const config = { layers: 0, latents: 2, likelihood: 'gaussian' };

  it('bound ≤ importance-weighted bounds of more and more draws ≤ the likelihood, which they reach', async () => {
    const tiny = await tinyImageModel(engine, { definition, config, data, deviation: 0.5 });
    const images = someImages(data, batch);
    // Codes are proposed by the prior: from far-off proposals the last bound would need many more draws.
    const encoder = 'networks.encoder.out';
    await tiny.weights.write({ [`${encoder}.weight`]: new Float32Array(12), [`${encoder}.bias`]: new Float32Array(4) });
    const weights = await tiny.weights.read();
    const rows = [0, 1].map((k) => weights['networks.decoder.out.weight']!.subarray(3 * k, 3 * k + 3));
    const bias = weights['networks.decoder.out.bias']!;
    const deviation = Math.exp(weights['likelihood.logScale']![0]! - 1);
    const covariance = [0, 1, 2].map((i) =>
      [0, 1, 2].map((j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? deviation ** 2 : 0)),
    );
    const random = counterRandom(1, 'noise of pixels', 0);
    const times = 4000;
    const exact = Array.from({ length: batch }, (_, image) => {
      let sum = 0;
      for (let time = 0; time < times; time++) {
        const x = [0, 1, 2].map((i) => ((images[3 * image + i]! + random()) * 2) / 256 - 1 - bias[i]!);
        sum += gaussianLogProb(x, covariance) / times;
      }
      return sum + 3 * Math.log(2 / 256);
    });
    const bound = await meansOf(tiny, tiny.model.density!, images, 2000);
    const few = await meansOf(tiny, tiny.model.tighter!(5), images, 800);
    const many = await meansOf(tiny, tiny.model.tighter!(3000), images, 20);
    exact.forEach((value, image) => {
      expect(bound[image]).toBeLessThan(few[image]!);
      expect(few[image]).toBeLessThan(many[image]!);
      expect(Math.abs(many[image]! - value)).toBeLessThan(0.03);
    });
  });
});

describe('settings of a VAE', () => {
  const build = (config: object, side = 8) => {
    const data = { channels: 1, height: side, width: side, levels: 2, classes: 0 };
    return () => definition.build(definition.schema.parse(config), data);
  };

  it('what several draws would ignore is refused', () => {
    expect(build({ draws: 5, beta: 2 })).toThrow(/model\.beta/);
    expect(build({ draws: 5, freeBits: 0.1 })).toThrow(/model\.freeBits/);
    expect(build({ draws: 5 })).not.toThrow();
  });

  it('several draws can begin with one', () => {
    const duringOf = (config: object) =>
      build({ width: 4, ...config })().losses.map(({ name, during }) => [name, during]);
    expect(duringOf({ draws: 5, oneDrawUntil: 0.75 })).toEqual([
      ['iwae', [0.75, 1]],
      ['vae', [0, 0.75]],
    ]);
    expect(duringOf({ draws: 5 })).toEqual([['iwae', [0, 1]]]);
    expect(duringOf({})).toEqual([['vae', undefined]]);
  });

  it('convolutions say which sides they cannot halve twice', () => {
    expect(build({ network: 'convolutional', width: 4 }, 30)).toThrow(
      /blocks of side 4 do not divide images of 30 x 30/,
    );
    expect(build({ width: 4 }, 30)).not.toThrow();
  });
});

describe('the settings of a VAE', () => {
  it('have a width that suits the network, unless one is given', () => {
    const data: ImageData = { channels: 1, height: 28, width: 28, levels: 2, classes: 0 };
    const count = (config: object): number =>
      parameterCount(definition.build(definition.schema.parse(config), data).parameters);
    expect(count({})).toBe(count({ width: 400 }));
    expect(count({ network: 'convolutional' })).toBe(count({ network: 'convolutional', width: 32 }));
  });
});

describe('the loss of a VAE', () => {
  const data: ImageData = { channels: 1, height: 2, width: 2, levels: 2, classes: 0 };

  async function lossOf(config: Readonly<Record<string, unknown>>): Promise<Record<string, number>> {
    const tiny = await tinyImageModel(engine, { definition, config: { width: 8, latents: 3, ...config }, data });
    const [{ loss }] = tiny.model.losses as [(typeof tiny.model.losses)[number]];
    const program = await engine.compile(
      (({ parameters, batch }: { parameters: never; batch: ImageTensors }) => {
        const { loss: value, metrics } = loss(parameters, batch);
        return { loss: value, ...metrics };
      }) as never,
      { parameters: tiny.model.parameters, batch: imageBatchSpec(data, batch) },
    );
    const given = { images: someImages(data, batch), labels: new Int32Array(batch), key: Int32Array.of(1, 2) };
    const result = (await program.run({ parameters: tiny.weights, batch: given })) as Record<string, Float32Array>;
    return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, value[0]!]));
  }

  it('is the negative bound; beta weighs the divergence, and free bits cost nothing', async () => {
    const plain = await lossOf({});
    const { negativeElbo, divergence } = plain as { negativeElbo: number; divergence: number };
    expect(plain['loss']).toBeCloseTo(negativeElbo, 4);
    expect(divergence).toBeGreaterThan(0.01);
    expect((await lossOf({ beta: 4 }))['loss']).toBeCloseTo(negativeElbo + 3 * divergence, 3);
    // More free bits than there is divergence: each of the three latents pays the same.
    expect((await lossOf({ freeBits: 50 }))['loss']).toBeCloseTo(negativeElbo - divergence + 3 * 50, 3);
  });

  it('of several draws is below that of one, which it still tells', async () => {
    const { loss, negativeElbo } = (await lossOf({ draws: 20 })) as { loss: number; negativeElbo: number };
    expect(loss).toBeLessThan(negativeElbo);
  });
});
