import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mul } from '../tensor/index.js';
import { Engine, type StoreReference } from './engine.js';
import { sideBySide } from './side-by-side.js';

const row = { shape: [2], dtype: 'float32' } as const;
const items = Array.from({ length: 9 }, (_, index) => Float32Array.of(index, -index));

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 2 });
});
afterAll(() => engine.dispose());

/** Multiplies items by the weights. */
const product = (weights: StoreReference, lanes: number) =>
  sideBySide<Float32Array, number[]>({ engine, weights, lanes }, async (place) => {
    const program = await place.engine.compile(
      ({ p, x }) => ({ y: mul(p.w, x) }),
      { p: { w: row }, x: row },
      { threads: place.threads },
    );
    return async (x) => {
      const { y } = (await program.run({ p: place.weights, x })) as { y: Float32Array };
      return Array.from(y);
    };
  });
const times = (a: number, b: number): number[][] => items.map(([x, y]) => [x! * a, y! * b]);

describe('work side by side', () => {
  it.each([1, 2, 5])(
    'in %i lanes gives every result, in the order of the items, by the weights of now',
    async (lanes) => {
      const store = await engine.createStore({ leaves: [{ path: 'w', shape: [2] }] });
      await store.write({ w: Float32Array.of(2, 3) });
      const multiply = await product(store, lanes);
      expect(await multiply(items)).toEqual(times(2, 3));
      await store.write({ w: Float32Array.of(5, 7) });
      expect(await multiply(items)).toEqual(times(5, 7));
      expect(await multiply([])).toEqual([]);
      await store.dispose();
    },
  );

  it('reads another buffer of a store, beside one that reads its parameters', async () => {
    const store = await engine.createStore({ leaves: [{ path: 'w', shape: [2] }], average: true });
    await store.write({ w: Float32Array.of(2, 3) });
    await store.write({ w: Float32Array.of(10, 20) }, 'average');
    const [own, average] = [await product(store, 2), await product({ store, buffer: 'average' }, 2)];
    expect(await average(items)).toEqual(times(10, 20));
    expect(await own(items)).toEqual(times(2, 3));
    // Half of the way to the parameters.
    await store.updateAverage([0], 0.5);
    expect(await average(items)).toEqual(times(6, 11.5));
    await store.dispose();
  });

  it('ends with the first failure, or when it is told to, and works again', async () => {
    const store = await engine.createStore({ leaves: [{ path: 'w', shape: [2] }] });
    await store.write({ w: Float32Array.of(2, 3) });
    const begun: number[] = [];
    let failsAt = 1;
    const work = await sideBySide<number, number>({ engine, weights: store, lanes: 2 }, () =>
      Promise.resolve(async (item) => {
        begun.push(item);
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (item === failsAt) throw new Error(`item ${item}`);
        return item;
      }),
    );
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    await expect(work(numbers)).rejects.toThrow('item 1');
    expect(begun.length).toBeLessThan(10);
    failsAt = -1;
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(work(numbers, controller.signal)).rejects.toThrow('enough');
    expect(await work(numbers)).toEqual(numbers);
    await store.dispose();
  });
});
