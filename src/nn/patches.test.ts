import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import { gridPositions, patchesOf } from './patches.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const data = { channels: 2, height: 4, width: 6, levels: 256, classes: 0 };

describe('patches', () => {
  it('cuts images in the order of reading, and puts them together again', async () => {
    const patches = patchesOf(data, 2);
    expect(patches).toMatchObject({ count: 6, rows: 2, columns: 3, size: 8 });
    const program = await engine.compile(
      ({ images }) => ({ cut: patches.of(images), again: patches.toImages(patches.of(images)) }),
      { images: { shape: [2, 2, 4, 6], dtype: 'float32' } },
    );
    const images = Float32Array.from({ length: 96 }, (_, index) => index);
    const { cut, again } = (await program.run({ images })) as Record<'cut' | 'again', Float32Array>;
    expect(again).toEqual(images);
    // The second patch of the first row: columns 2 and 3 of rows 0 and 1, channel by channel.
    expect(Array.from(cut.subarray(8, 16))).toEqual([2, 3, 8, 9, 26, 27, 32, 33]);
  });

  it('says which side does not fit', () => {
    expect(() => patchesOf(data, 4)).toThrow(/patches of side 4 do not divide images of 4 x 6/);
    expect(() => gridPositions(2, 2, 6)).toThrow(/divides by 4/);
  });

  it('gives every place of a grid a position of its own, of sines and cosines', async () => {
    const program = await engine.compile(({ x }) => ({ x, y: gridPositions(3, 4, 8) }), {
      x: { shape: [1], dtype: 'float32' },
    });
    const { y } = (await program.run({ x: new Float32Array(1) })) as { y: Float32Array };
    const rows = Array.from({ length: 12 }, (_, place) => Array.from(y.subarray(place * 8, place * 8 + 8)));
    expect(new Set(rows.map(String)).size).toBe(12);
    expect(rows[0]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    // Row 1, column 2: sin 1, sin 0.01, cos 1, cos 0.01; sin 2, …
    [Math.sin(1), Math.sin(0.01), Math.cos(1), Math.cos(0.01), Math.sin(2)].forEach((value, index) =>
      expect(rows[6]![index]).toBeCloseTo(value, 6),
    );
  });
});
