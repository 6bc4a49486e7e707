import type { ImageFigures, TrainedImages } from '../src/cli/image-recipe.js';
import { modelExtractor } from '../src/cli/image-evaluation.js';
import type { OpenImageModel } from '../src/cli/open-image-model.js';
import type { RecipeRow } from '../src/cli/recipe.js';
import { largestPixel } from '../src/data/images/batches.js';
import { type ImageSet, sliceImages } from '../src/data/images/image-set.js';
import { accuracyOf } from '../src/evaluation/accuracy.js';
import { classesRead } from '../src/evaluation/classification.js';
import { imageSetOf } from '../src/evaluation/extractor.js';
import { modeCoverage } from '../src/evaluation/mode-coverage.js';
import { type SetFigures, setFigures } from '../src/evaluation/set-figures.js';
import { judging, openJudge } from './judge.helper.js';

/** What games are measured by: whether every class is drawn, as often as it should be, and how near samples are to images. */

/** Samples whose classes are counted; distances between sets are of fewer. */
const [counted, compared] = [10_000, 2000];

export const asAsked = {
  metric: 'samples in which a classifier reads the class asked for',
  target: 0.95,
  direction: 'at least',
} as const;
export const leastShare = {
  metric: 'least share of a class among samples',
  target: 0.05,
  direction: 'at least',
} as const;
const greatestShare = {
  metric: 'greatest share of a class among samples',
  target: 0.15,
  direction: 'at most',
} as const;

/** Samples of an open model as a set. A class that is not asked for is none. */
export async function samplesOf(
  { open, scale, signal }: Pick<TrainedImages, 'open' | 'scale' | 'signal'>,
  { count = counted, controls }: { count?: number; controls?: Readonly<Record<string, number>> } = {},
): Promise<ImageSet & { readonly labels: Int32Array }> {
  const sample = await open.sampler({ batchSize: scale === 'smoke' ? 16 : 100 });
  const drawn = await sample({
    count: scale === 'smoke' ? 16 : count,
    ...(controls && { controls }),
    ...(signal && { signal }),
  });
  const shape = { ...open.images, largest: largestPixel(open.images.pixels) };
  return { ...imageSetOf(drawn.images, { ...shape, name: 'samples' }), labels: drawn.labels };
}

/** Distances of samples from test images by the judge's features. */
export const distancesOf = (
  { source, test, open, signal }: TrainedImages,
  judge: OpenImageModel,
  made: ImageSet,
): Promise<SetFigures> =>
  setFigures({
    extractor: modelExtractor(judge),
    made: sliceImages(made, 0, compared),
    test,
    train: source.train,
    pixels: open.images.pixels,
    ...(signal && { signal }),
  });

export const distanceRows = ({ frechet, precision, recall, floor }: SetFigures): RecipeRow[] => [
  { metric: 'Fréchet distance from test images', value: frechet },
  { metric: 'the same of training images', value: floor.frechet },
  { metric: 'precision', value: precision },
  { metric: 'recall', value: recall },
];

/** The classes in samples, and their distance from test images. Of a model of classes, the class asked for comes first. */
export async function measureGame(trained: TrainedImages): Promise<ImageFigures> {
  const { open, signal } = trained;
  const judge = await openJudge(trained);
  const made = await samplesOf(trained);
  const read = await classesRead(judging(judge, made, signal));
  const { shares, ...coverage } = modeCoverage(read, judge.data.classes);
  const isConditional = open.model.conditional === true;
  const { accuracy, standardError } = accuracyOf(read, made.labels);
  const distances = await distancesOf(trained, judge, made);
  return {
    rows: [
      ...(isConditional ? [{ ...asAsked, value: accuracy, standardError }] : []),
      { ...leastShare, value: Math.min(...shares) },
      { ...greatestShare, value: Math.max(...shares) },
      ...distanceRows(distances),
    ],
    details: { shares, coverage, distances },
    notes: [
      `Classes: of ${made.count} samples${isConditional ? ', every class asked for as often' : ''}, by a classifier of the same data.`,
      `Distances: of ${distances.images} samples and as many test images, by ${distances.extractor.features} features of that classifier; they compare with no other extractor's.`,
    ],
  };
}
