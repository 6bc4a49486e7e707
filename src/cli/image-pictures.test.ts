import { describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
import { completionStrip, interleave, interpolations } from './image-pictures.js';

/** Images of one pixel whose code is the pixel and ten times the class, and comes back less that. */
const open = {
  coder: (images: ImageSet) =>
    Promise.resolve({
      encode: () => {
        const labels = images.labels!;
        const values = Float32Array.from(images.pixels);
        return Promise.resolve({ images: values, labels, codes: values.map((x, i) => x + 10 * labels[i]!) });
      },
      decode: (codes: Float32Array, labels: Int32Array) => Promise.resolve(codes.map((x, i) => x - 10 * labels[i]!)),
    }),
};

const of = (pixels: number[], labels: number[]): ImageSet => ({
  name: 'some',
  count: pixels.length,
  channels: 1,
  height: 1,
  width: 1,
  pixels: Uint8Array.from(pixels),
  labels: Int32Array.from(labels),
});

describe('interpolation', () => {
  it('begins and ends at the images themselves, whatever their classes', async () => {
    const rows = await interpolations(open, of([0, 4, 8, 8, 3], [0, 2, 1, 1, 0]), { count: 9, steps: 3 });
    // In the middle the second image's class: (0 + 24) / 2 − 20.
    expect(Array.from(rows)).toEqual([0, -8, 4, 8, 8, 8]);
  });

  it('says that it needs two images', async () => {
    await expect(interpolations(open, of([1], [0]), { count: 4, steps: 3 })).rejects.toThrow(/some: 1 images/);
  });
});

describe('completions', () => {
  it('appear from what was kept to the whole picture, row by row', async () => {
    const images = { channels: 1, height: 3, width: 1, pixels: 'bytes' as const, labelNames: [] };
    const complete = () =>
      Promise.resolve({
        originals: Float32Array.of(1, 2, 3),
        kept: Float32Array.of(1, 127.5, 127.5),
        completions: [Float32Array.of(1, 7, 8)],
        edges: [1, 2, 3],
      });
    const set = { ...of([1, 2, 3], [0]), count: 1, height: 3 };
    const { canvas, frames } = await completionStrip({ images, complete }, set, { count: 1, keep: 0.34 });
    const { width, height } = canvas;
    // The column of the completion, of whose pixels each fills two rows.
    const column = ({ data }: typeof canvas) => [0, 2, 4].map((row) => data[row * width + width - 1]);
    expect(height).toBe(6);
    expect(frames().map(column)).toEqual([
      [1, 128, 128],
      [1, 7, 128],
      [1, 7, 8],
    ]);
    expect(frames().at(-1)).toEqual(canvas);
  });
});

describe('lists of images', () => {
  it('lie above each other, or beside each other in rows of one', () => {
    const lists = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)];
    expect(Array.from(interleave(lists, 3, 2))).toEqual([1, 2, 4, 5, 3, 0, 6, 0]);
    expect(Array.from(interleave(lists, 3, 1))).toEqual([1, 4, 2, 5, 3, 6]);
  });
});
