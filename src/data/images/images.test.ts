import { describe, expect, it } from 'vitest';
import { type Discretisation, discretised, imageBatches, imageList } from './batches.js';
import { imagesFromCifar } from './cifar.js';
import { imagesFromIdx } from './idx.js';
import { type ImageSet, imageAt, selectImages } from './image-set.js';
import { resample } from './resample.js';
import { holdOutImages } from './hold-out.js';
import { readImages } from './sources.js';

const idx = (shape: number[], data: number[]): Uint8Array =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, 0, length]), ...data]);

describe('images', () => {
  it('reads idx files, and says what is wrong with one', () => {
    const bytes = idx([2, 1, 2], [1, 2, 3, 4]);
    const set = imagesFromIdx({ bytes, file: 'a' }, { bytes: idx([2], [7, 8]), file: 'b' });
    expect(Array.from(imageAt(set, 1))).toEqual([3, 4]);
    expect(Array.from(set.labels!)).toEqual([7, 8]);
    expect(() => imagesFromIdx({ bytes: bytes.slice(0, -1), file: 'a.idx' })).toThrow(/a\.idx: .*needs 4 bytes.*are 3/);
    expect(() => imagesFromIdx({ bytes, file: 'a' }, { bytes: idx([3], [1, 2, 3]), file: 'b' })).toThrow(
      /b holds \[3\]/,
    );
  });

  it("reads CIFAR's records", () => {
    const bytes = new Uint8Array(3073).fill(9);
    bytes[0] = 3;
    expect(imagesFromCifar(bytes, 'c')).toMatchObject({ count: 1, channels: 3, labels: Int32Array.of(3) });
    expect(() => imagesFromCifar(bytes.slice(1), 'c.bin')).toThrow(/c\.bin: 3072 bytes/);
  });

  it('resamples: a mean when shrinking by box, a constant stays one', () => {
    const shape = { channels: 1, height: 2, width: 2 };
    expect(Array.from(resample([0, 2, 4, 6], shape, { height: 1, width: 1 }, 'box'))).toEqual([3]);
    for (const value of resample([5, 5, 5, 5], shape, { height: 3, width: 5 })) expect(value).toBeCloseTo(5, 12);
  });

  it('holds images of every class out of a set that is sorted by class', () => {
    const labels = Int32Array.from({ length: 90 }, (_, index) => Math.floor(index / 30));
    const pixels = Uint8Array.from({ length: 90 }, (_, index) => index);
    const set = { name: 'sorted', count: 90, channels: 1, height: 1, width: 1, pixels, labels };
    const { train, validation } = holdOutImages(set, 6);
    expect(Array.from(validation.labels!)).toEqual([0, 0, 1, 1, 2, 2]);
    expect([...train.pixels, ...validation.pixels].sort((a, b) => a - b)).toEqual([...pixels]);
    expect(() => holdOutImages(set, 90)).toThrow(/90 of 90/);
  });

  it('mirrors about half of the images where asked to', () => {
    const count = 64;
    const pixels = Uint8Array.from({ length: 2 * count }, (_, index) => index);
    const set = { name: 'pairs', count, channels: 1, height: 1, width: 2, pixels };
    const mirrored = (flip: boolean): number => {
      const { images } = imageBatches({ images: set, batchSize: count, pixels: 'bytes', seed: 1, flip }).next();
      const firsts = Array.from(images).filter((_, index) => index % 2 === 0);
      expect([...images].sort((a, b) => a - b)).toEqual([...pixels]);
      return firsts.filter((value) => value % 2 === 1).length;
    };
    expect(mirrored(false)).toBe(0);
    expect(Math.abs(mirrored(true) - count / 2)).toBeLessThan(16);
  });

  it('brings MNIST along, and gives every image once an epoch, resumably', async () => {
    const { train, test } = await readImages({ source: 'mnist' });
    expect([train.count, test?.count, train.height, train.width]).toEqual([60_000, 10_000, 28, 28]);
    const options = { images: train, batchSize: 8, pixels: 'dynamic' as const, seed: 3 };
    const source = imageBatches(options);
    source.next();
    const state = source.state();
    const second = source.next();
    expect(new Set(second.images)).toEqual(new Set([0, 1]));
    const resumed = imageBatches(options);
    resumed.restore(state);
    expect(resumed.next()).toEqual(second);
  });
});

describe('binarisation of a list', () => {
  const images = {
    name: 'grey',
    count: 12,
    channels: 1,
    height: 4,
    width: 4,
    pixels: new Uint8Array(12 * 16).fill(128),
  };
  const listed = (set: ImageSet, pixels: Discretisation, batchSize: number): number[][] =>
    [...imageList({ images: set, batchSize, pixels, seed: 3 })].flatMap(({ batch, count }) =>
      Array.from({ length: count }, (_, row) => Array.from(batch.images.subarray(16 * row, 16 * (row + 1)))),
    );

  it.each(['dynamic', 'static'] as const)(
    'is of the image, whatever the batch and the part of the set: %s',
    (pixels) => {
      const all = listed(images, pixels, 12);
      expect(new Set(all.map(String)).size).toBe(12);
      expect(listed(images, pixels, 5)).toEqual(all);
      const some = selectImages(selectImages(images, [7, 2, 9]), [2, 0]);
      expect(listed(some, pixels, 2)).toEqual([all[9], all[7]]);
      const seen = discretised(some, pixels, 3);
      expect(Array.from(seen.pixels, (value) => value / 255)).toEqual([...all[9]!, ...all[7]!]);
    },
  );
});
