import type { Discretisation } from '../data/images/batches.js';
import type { ImageSet } from '../data/images/image-set.js';
import { DataError } from '../errors.js';
import { discretised } from '../data/images/batches.js';
import { type ExtractorId, type FeatureExtractor, drawImages } from './extractor.js';
import { FeatureStatistics } from './feature-statistics.js';
import type { Matrix } from './features.js';
import { frechetDistance } from './frechet-distance.js';
import { type KernelDistance, kernelDistance, kernelSubsets } from './kernel-distance.js';
import { precisionRecall } from './precision-recall.js';

/** How far one set of images is from another of as many. */
export interface SetDistances {
  readonly frechet: number;
  readonly kernel: KernelDistance;
  /** Share of the one set that lies among the other. */
  readonly precision: number;
  /** Share of the other set that lies among the one. */
  readonly recall: number;
}

/** Distances of samples from test images, with all that such a figure depends on. */
export interface SetFigures extends SetDistances {
  readonly extractor: ExtractorId;
  /** Of each set. */
  readonly images: number;
  /** What a pixel is, in both sets. */
  readonly pixels: Discretisation;
  /** Nearest neighbours of precision and recall. */
  readonly neighbours: number;
  /** The same distances of as many training images from the test images: what a perfect model would get. */
  readonly floor: SetDistances;
}

export interface SetFiguresOptions {
  readonly extractor: FeatureExtractor;
  readonly made: ImageSet;
  readonly test: ImageSet;
  readonly train: ImageSet;
  /** Of the model that made the images: real ones are brought to it. */
  readonly pixels: Discretisation;
  /** Of the choice of images and subsets. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

const neighbours = 3;

/** Everything that such figures depend on but the images themselves: known before anything is measured. */
export interface SetTerms extends Pick<SetFigures, 'extractor' | 'images' | 'pixels' | 'neighbours'> {
  readonly kernel: Pick<KernelDistance, 'subsets' | 'subsetSize'>;
}

/** `made`, `test` and `train` need to be as many as the images that will be measured. */
export function setTerms({
  extractor,
  pixels,
  ...sets
}: Pick<SetFiguresOptions, 'extractor' | 'pixels'> &
  Record<'made' | 'test' | 'train', Pick<ImageSet, 'count'>>): SetTerms {
  const images = Math.min(sets.made.count, sets.test.count, sets.train.count);
  return { extractor: extractor.id, images, pixels, neighbours, kernel: kernelSubsets(images) };
}

/**
 * Fréchet and kernel distance, precision and recall of made images against test images, and the floor. All three sets
 * have as many images as the smallest of them, drawn at random from the others.
 *
 * @throws DataError when there are fewer than four images of a kind
 */
export async function setFigures(options: SetFiguresOptions): Promise<SetFigures> {
  const { extractor, pixels, seed = 0, signal } = options;
  const { kernel: subsets, ...terms } = setTerms(options);
  const { images } = terms;
  if (images <= neighbours) {
    throw new DataError(`${images} images are too few to measure a distance between sets`, {
      advice: 'Draw more samples, and measure on data with more test images.',
    });
  }
  const rows = async (set: ImageSet): Promise<Matrix> => {
    const chosen = set.count > images ? drawImages(set, images, seed) : set;
    return extractor.extract(discretised(chosen, pixels, seed), { ...(signal && { signal }) });
  };
  const test = await rows(options.test);
  const statistics = FeatureStatistics.of(test);
  const distances = (from: Matrix): SetDistances => {
    signal?.throwIfAborted();
    const { precision, recall } = precisionRecall(test, from, neighbours);
    const kernel = kernelDistance(from, test, { ...subsets, seed });
    return { frechet: frechetDistance(FeatureStatistics.of(from), statistics), kernel, precision, recall };
  };
  const made = distances(await rows(options.made));
  const floor = distances(await rows(options.train));
  return { ...made, ...terms, floor };
}
