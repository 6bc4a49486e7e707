import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterRandom, shuffle } from '../tensor/random.js';
import { nearest, similarities } from './embeddings.js';
import { chanceOf, retrievalOf } from './retrieval.js';

describe('retrieval', () => {
  it('finds what is nearest, either way', () => {
    // Three images, two captions: the first two images have the first caption.
    const similarity = { count: 3, size: 2, values: Float32Array.of(0.9, 0.1, 0.2, 0.3, 0.4, 0.8) };
    const { imageToText, textToImage } = retrievalOf(similarity, Int32Array.of(0, 0, 1), 1);
    expect(imageToText).toMatchObject({ k: 1, queries: 3, candidates: 2, accuracy: 2 / 3, chance: 0.5 });
    expect(textToImage).toMatchObject({ queries: 2, candidates: 3, accuracy: 1 });
    expect(textToImage.chance).toBeCloseTo((2 / 3 + 1 / 3) / 2, 12);
    expect(retrievalOf(similarity, Int32Array.of(0, 0, 1), 2).imageToText.accuracy).toBe(1);
  });

  it('has by chance what an order by chance has', () => {
    const random = counterRandom(1, 'orders', 0);
    for (const [right, all, k] of [
      [1, 7, 3],
      [3, 9, 2],
      [2, 4, 4],
    ] as const) {
      const draws = 20_000;
      let found = 0;
      for (let draw = 0; draw < draws; draw++) {
        const order = shuffle(
          random,
          Array.from({ length: all }, (_, index) => index),
        );
        if (order.slice(0, k).some((index) => index < right)) found++;
      }
      expect(Math.abs(chanceOf(right, all, k) - found / draws)).toBeLessThan(0.015);
    }
  });

  it('is all right where images stand on their captions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 5 }), (captions, k) => {
        const points = { count: captions, size: captions, values: new Float32Array(captions ** 2) };
        for (let index = 0; index < captions; index++) points.values[index * (captions + 1)] = 1;
        const own = Int32Array.from({ length: captions }, (_, index) => index);
        const { imageToText, textToImage } = retrievalOf(similarities(points, points), own, k);
        expect([imageToText.accuracy, textToImage.accuracy]).toEqual([1, 1]);
        expect(imageToText.chance).toBeCloseTo(Math.min(1, k / captions), 12);
      }),
    );
    expect(nearest([0.1, 0.5, 0.3], 2)).toEqual([1, 2]);
  });
});
