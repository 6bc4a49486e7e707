import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../tensor/random.js';
import { augmented } from './augment.js';

const shape = { channels: 3, height: 3, width: 4 };
const image = Uint8Array.from({ length: 36 }, (_, index) => 7 * index);

describe('changes by chance', () => {
  it('are none where none is asked for', () => {
    expect(augmented(image, shape, {}, counterRandom(1, 'test', 0))).toEqual(image);
  });

  it('move the image and repeat its edge, within the limit', () => {
    const seen = new Set<string>();
    for (let step = 0; step < 300; step++) {
      const moved = augmented(image, shape, { shift: 1 }, counterRandom(1, 'test', step));
      seen.add(moved.join());
      // The middle of the first channel is one of its neighbours.
      const [x, y] = [moved[5]! / 7, 0];
      expect([0, 1, 2, 4, 5, 6, 8, 9, 10]).toContain(x + y);
      expect(moved[5 + 12]! - moved[5]!).toBe(7 * 12);
    }
    expect(seen.size).toBe(9);
  });

  it('keep greys grey and the order of the channels, and change no more than asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (step) => {
        const random = counterRandom(1, 'test', step);
        const changed = augmented(image, shape, { jitter: 0.2 }, random);
        for (let pixel = 0; pixel < 12; pixel++) {
          expect(changed[pixel]!).toBeLessThanOrEqual(changed[pixel + 12]!);
          expect(changed[pixel + 12]!).toBeLessThanOrEqual(changed[pixel + 24]!);
        }
        const grey = Uint8Array.from({ length: 36 }, (_, index) => 20 * (index % 12));
        const still = augmented(grey, shape, { jitter: 0.2 }, random);
        for (let pixel = 0; pixel < 12; pixel++) {
          expect(still[pixel]).toBe(still[pixel + 12]);
          expect(Math.abs(still[pixel]! - grey[pixel]!)).toBeLessThanOrEqual(0.45 * 255);
        }
      }),
    );
  });
});
