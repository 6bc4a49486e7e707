import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageTensors } from '../../nn/image-model.js';
import { Engine } from '../../runtime/engine.js';
import { gradients, isTensor, leaves, square, sum } from '../../tensor/index.js';
import { type TinyModel, randomPixels, tinyModel } from '../image-model.test-helper.js';
import { definition } from './ddpm.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const config = { channels: [4, 8], attention: [1], headWidth: 4, steps: 4, drawingSteps: 2, conditional: true };
const shape = { height: 4, width: 4, levels: 256, classes: 3 };
const images = randomPixels(4 * 16, 256);

/** A model whose layers all have an effect: those that begin as zeros too. */
async function tiny(changes: Record<string, unknown> = {}): Promise<TinyModel> {
  const model = await tinyModel(engine, definition, { ...config, ...changes }, shape);
  const filled = Object.entries(model.values).map(([path, values], leaf) => [
    path,
    values.map((value, index) => value + 0.1 * Math.sin(index + leaf)),
  ]);
  await model.store.write(Object.fromEntries(filled) as Record<string, Float32Array>);
  return model;
}

const logProb =
  ({ model }: TinyModel) =>
  (p: never, batch: ImageTensors) => ({ logProb: model.density!.logProb(p, batch) });

describe('the bound of ddpm', () => {
  it('is the same from all steps at once as on average from one', async () => {
    const [one, all] = [await tiny({ boundTerms: 1 }), await tiny({ boundTerms: 4 })];
    // Each image many times, for many draws at once.
    const many = Float32Array.from({ length: 32 * images.length }, (_, at) => images[at % images.length]!);
    const mean = async (model: TinyModel, keys: number): Promise<number> => {
      let total = 0;
      for (let key = 0; key < keys; key++) {
        const { logProb: values } = await model.runOn(logProb(model), many, { key });
        total += values!.reduce((sum, value) => sum + value, 0) / values!.length;
      }
      return total / keys;
    };
    // Only the noise is left to chance there.
    const exact = await mean(all, 4);
    expect(Math.abs((await mean(one, 16)) / exact - 1)).toBeLessThan(0.05);
    expect(exact).toBeLessThan(0);
  });

  it('depends on the class it is told', async () => {
    const model = await tiny();
    const values = await model.runOn(logProb(model), images, { labels: Int32Array.of(0, 0, 0, 0) });
    const others = await model.runOn(logProb(model), images, { labels: Int32Array.of(0, 1, 2, 0) });
    expect(others['logProb']![0]).toBe(values['logProb']![0]);
    expect(others['logProb']![1]).not.toBe(values['logProb']![1]);
  });
});

describe('the loss of ddpm', () => {
  it('learns the mean from the simple loss alone, and the variance from the bound alone', async () => {
    // The last layer's bias: the first channel is the mean, the second the variance.
    const bias = async (boundWeight: number): Promise<number[]> => {
      const weighted = await tiny({ variance: 'learned', boundWeight });
      const { gradient } = await weighted.runOn((p, batch) => {
        const { leaf } = leaves(p, isTensor).find(({ path }) => path === 'network.out.bias')!;
        return { gradient: gradients(weighted.model.losses[0]!.loss(p, batch).loss, [leaf])[0]! };
      }, images);
      return [...gradient!];
    };
    const [without, withBound] = [await bias(0), await bias(10)];
    expect(without[1]).toBe(0);
    expect(withBound[1]).not.toBe(0);
    expect(withBound[0]).toBeCloseTo(without[0]!, 5);
  });

  it('withholds some classes, not all', async () => {
    const classGradient = async (withheld: number): Promise<number[]> => {
      const model = await tiny({ withheld });
      const { gradient } = await model.runOn(
        (p, batch) => {
          const { leaf } = leaves(p, isTensor).find(({ path }) => path === 'classes.weight')!;
          const [found] = gradients(model.model.losses[0]!.loss(p, batch).loss, [leaf]);
          return { gradient: sum(square(found!), { axes: 1 }) };
        },
        images,
        { labels: Int32Array.of(1, 1, 1, 1) },
      );
      return [...gradient!].map((value) => Number(value > 0));
    };
    // The last row is that of withheld classes.
    expect(await classGradient(0)).toEqual([0, 1, 0, 0]);
    expect(await classGradient(1)).toEqual([0, 0, 0, 1]);
    expect(await classGradient(0.5)).toEqual([0, 1, 0, 1]);
  });

  it('says that classes are missing', () => {
    const data = { channels: 1, height: 4, width: 4, levels: 256, classes: 0 };
    expect(() => definition.build(definition.schema.parse(config), data)).toThrow(/no labels/);
  });
});
