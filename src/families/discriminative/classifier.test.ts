import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageTensors } from '../../nn/image-model.js';
import { initialise, parameterCount, leavesOf } from '../../nn/parameters.js';
import { Engine, type Store } from '../../runtime/engine.js';
import { counterRandom } from '../../tensor/random.js';
import { definition } from './classifier.js';

const data = { channels: 3, height: 9, width: 14, levels: 256, classes: 4 };
const model = definition.build({ width: 4, features: 6, dropout: 0.5 }, data);

describe('the classifier', () => {
  let engine: Engine;
  let weights: Store;
  beforeAll(async () => {
    engine = await Engine.create();
    weights = await engine.createStore({ leaves: leavesOf(model.parameters) });
    await weights.write(initialise(model.parameters, 1));
  });
  afterAll(() => engine.dispose());

  const random = counterRandom(1, 'images', 0);
  const pixels = Float32Array.from({ length: 3 * 3 * 9 * 14 }, () => Math.floor(256 * random()));

  /** Logits, features and training loss of so many of the images. */
  async function run(count: number, key: number) {
    const size = pixels.length / 3;
    const program = await engine.compile(
      (({ p, batch }: { p: never; batch: ImageTensors }) => ({
        logits: model.classifier!.logits(p, batch),
        features: model.features!.of(p, batch),
        loss: model.losses[0]!.loss(p, batch).loss,
      })) as never,
      {
        p: model.parameters,
        batch: {
          images: { shape: [count, 3, 9, 14], dtype: 'float32' },
          labels: { shape: [count], dtype: 'int32' },
          key: { shape: [2], dtype: 'int32' },
        },
      },
    );
    const batch = {
      images: pixels.slice(0, count * size),
      labels: Int32Array.from({ length: count }, (_, index) => index),
      key: Int32Array.of(key, 0),
    };
    return (await program.run({ p: weights, batch })) as Record<'logits' | 'features' | 'loss', Float32Array>;
  }

  it('takes images of any size, colour too', () => {
    const convolutions = 3 * 25 * 4 + 4 + (4 * 9 * 8 + 8) + (8 * 9 * 8 + 8);
    expect(parameterCount(model.parameters)).toBe(convolutions + (8 * 3 * 4 * 6 + 6) + (6 * 4 + 4));
    expect(() => definition.build({ width: 4, features: 6, dropout: 0 }, { ...data, classes: 0 })).toThrow(/have 0/);
  });

  it('leaves units out in training alone, and reads a row by itself as among others', async () => {
    const [one, two, alone] = [await run(3, 1), await run(3, 2), await run(1, 1)];
    expect(two.logits).toEqual(one.logits);
    expect(two.features).toEqual(one.features);
    expect(two.loss[0]).not.toBe(one.loss[0]);
    alone.logits.forEach((value, index) => {
      expect(value).toBeCloseTo(one.logits[index]!, 5);
    });
  });

  it('gives features of one size for every image', async () => {
    const { features } = await run(3, 1);
    for (const row of [0, 1, 2]) {
      const squares = features.subarray(6 * row, 6 * (row + 1)).reduce((sum, value) => sum + value ** 2, 0);
      expect(squares / 6).toBeCloseTo(1, 3);
    }
  });
});
