import { type ImageSet, type ImageShape, dimensions, selectImages } from '../data/images/image-set.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import { type Matrix, type ReadRowsOptions, featuresOf } from './features.js';
import type { Features } from '../nn/image-model.js';

/** Which network judged: figures of two networks are not of one scale. */
export interface ExtractorId {
  readonly name: string;
  /** Of its weights. */
  readonly hash: string;
  /** Numbers of one image. */
  readonly features: number;
}

export interface FeatureExtractor {
  readonly id: ExtractorId;
  /** One row of features for each image. */
  readonly extract: (images: ImageSet, options?: { readonly signal?: AbortSignal }) => Promise<Matrix>;
}

/** Any network with features, as an extractor. `pixels` is what the network takes. */
export function extractorOf(
  options: Pick<ReadRowsOptions, 'engine' | 'parameters' | 'weights' | 'pixels' | 'lanes'> & {
    readonly name: string;
    readonly hash: string;
    readonly features: Features;
    /** Default 50. */
    readonly batchSize?: number;
  },
): FeatureExtractor {
  const { name, hash, features, batchSize = 50 } = options;
  return {
    id: { name, hash, features: features.size },
    extract: (images, { signal } = {}) =>
      featuresOf({
        ...options,
        images,
        seed: 0,
        batchSize: Math.min(batchSize, images.count),
        ...(signal && { signal }),
      }),
  };
}

/** Images as a model gives them, 0 to `largest`, as a set of bytes. */
export function imageSetOf(
  values: Float32Array,
  {
    largest,
    name,
    labels,
    ...shape
  }: ImageShape & { readonly largest: number; readonly name: string; readonly labels?: Int32Array },
): ImageSet {
  const pixels = Uint8ClampedArray.from(values, (value) => (value * 255) / largest);
  const { channels, height, width } = shape;
  const count = values.length / dimensions(shape);
  return { name, count, channels, height, width, pixels: new Uint8Array(pixels.buffer), ...(labels && { labels }) };
}

/** So many images at random: the first of a set sorted by class would all be of one. */
export function drawImages(images: ImageSet, count: number, seed: number): ImageSet {
  const order = Uint32Array.from({ length: images.count }, (_, index) => index);
  shuffle(counterRandom(seed, `draw of ${images.count} images`, 0), order);
  return selectImages(images, Array.from(order.subarray(0, count)));
}
