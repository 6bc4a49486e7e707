import { enlargedPlainly } from '../src/cli/upscale-strip.js';
import type { TrainedImages } from '../src/cli/image-recipe.js';
import { interleave } from '../src/cli/image-pictures.js';
import { type ImageSet, dimensions, sliceImages } from '../src/data/images/image-set.js';
import { type Similarity, similarity } from '../src/evaluation/image-similarity.js';
import { encodePng, grid } from '../src/formats/pictures.js';
import { type ImageUpscaler, imageUpscaler } from '../src/sampling/upscale.js';

/** What models that enlarge images are measured on: small images of test images, and those enlarged plainly. */

const most = 2000;
const shown = 8;

export interface Enlarging {
  readonly upscaler: ImageUpscaler;
  /** Of which the originals are. */
  readonly images: ImageSet;
  readonly originals: Float32Array;
  readonly small: Float32Array;
  readonly bicubic: Float32Array;
  /** Of large images to the originals. */
  readonly likeness: (large: Float32Array) => Similarity;
  /** How well a large image's small one is the one it was made of, dB, over all images together. */
  readonly consistency: (large: Float32Array) => Promise<number>;
  /** Rows of small, bicubic, the given ones, and original, as a PNG. */
  readonly picture: (large: readonly Float32Array[]) => Uint8Array;
}

export async function enlargingOf({ open, test, signal }: TrainedImages): Promise<Enlarging> {
  const { engine, model, data, weights } = open;
  const upscaler = await imageUpscaler({ engine, model, data, weights, batchSize: Math.min(100, test.count) });
  const images = sliceImages(test, 0, most);
  const shape = { channels: data.channels, height: data.height, width: data.width };
  const smallShape = { ...shape, height: data.height / upscaler.factor, width: data.width / upscaler.factor };
  const originals = Float32Array.from(images.pixels);
  const small = await upscaler.reduce(originals, signal);
  const bicubic = enlargedPlainly(small, smallShape, shape, 'bicubic');
  return {
    ...{ upscaler, images, originals, small, bicubic },
    likeness: (large) => similarity(originals, large, { ...shape, largest: 255 }),
    consistency: async (large) => {
      // Over all images together: of one alone, equal images would make it infinite.
      const again = await upscaler.reduce(large, signal);
      const squared = small.reduce((sum, value, at) => sum + (value - again[at]!) ** 2, 0) / small.length;
      return 10 * Math.log10(255 ** 2 / Math.max(squared, 1e-9));
    },
    picture: (large) => {
      const columns = [enlargedPlainly(small, smallShape, shape, 'nearest'), bicubic, ...large, originals];
      const values = interleave(
        columns.map((column) => column.subarray(0, shown * dimensions(shape))),
        Math.min(shown, images.count),
        1,
      );
      return encodePng(grid({ ...shape, values, largest: 255 }, { columns: columns.length, scale: 2 }));
    },
  };
}
