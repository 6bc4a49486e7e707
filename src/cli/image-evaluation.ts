import { leavesOf } from '../nn/parameters.js';
import { discretised } from '../data/images/batches.js';
import { type Discretisation, largestPixel } from '../data/images/batches.js';
import { captioned, firstCaptions } from '../data/images/caption-tokens.js';
import type { ImageSet } from '../data/images/image-set.js';
import { DataError } from '../errors.js';
import { type Accuracy, accuracyOf } from '../evaluation/accuracy.js';
import { classesRead, classifierAccuracy } from '../evaluation/classification.js';
import { type DensityFigure, type DensityTerms, densityTerms } from '../evaluation/density.js';
import {
  type ExtractorId,
  type FeatureExtractor,
  drawImages,
  extractorOf,
  imageSetOf,
} from '../evaluation/extractor.js';
import { type Similarity, similarity } from '../evaluation/image-similarity.js';
import { type ModeCoverage, modeCoverage } from '../evaluation/mode-coverage.js';
import { type Retrieval, type ZeroShotFigure, retrieval, zeroShot } from '../evaluation/retrieval.js';
import { type SetFigures, type SetTerms, setFigures, setTerms } from '../evaluation/set-figures.js';
import { modelId } from '../formats/lineage.js';
import { readNetworkFeatures } from '../formats/network-features.js';
import type { Engine } from '../runtime/engine.js';
import type { Reconstructions } from '../sampling/codes.js';
import { type DenoisingOptions, canDraw } from '../sampling/images.js';
import { type OpenImageModel, checkShape, embeddingOptions, givenTo } from './open-image-model.js';
import { lanesFor } from './stages/images.js';

/** Everything that a trained image model can be measured by: what it has no capability for is left out. */
export interface ImageModelFigures {
  readonly density?: DensityFigure;
  /** The same by importance sampling, where the model's own density is a bound. */
  readonly estimate?: DensityFigure;
  /** Distances of its samples from test images, by each extractor. */
  readonly samples?: readonly SetFigures[];
  readonly classes?: ClassFigures;
  readonly reconstruction?: Similarity & { readonly pixels: Discretisation };
  /** What it makes of images that are masked or noisy, against the images. */
  readonly restoration?: Similarity & { readonly pixels: Discretisation };
  /** Of a classifier itself. */
  readonly accuracy?: Accuracy;
  /** How images and captions find each other. */
  readonly retrieval?: Retrieval;
  /** Naming classes by their names alone, where images have some. */
  readonly zeroShot?: ZeroShotFigure;
}

/** What a classifier reads in samples. */
export interface ClassFigures {
  readonly classifier: ExtractorId;
  /** How often it reads test images rightly, as the model sees them: more cannot be asked of samples. */
  readonly onTestImages: Accuracy;
  /** How often it reads the class that was asked for, or that of the image whose caption was; absent where neither was. */
  readonly asAsked?: Accuracy;
  readonly coverage: ModeCoverage;
}

export interface EvaluateImagesOptions {
  readonly open: OpenImageModel;
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Judges of samples. */
  readonly extractors?: readonly FeatureExtractor[];
  /** Names the classes of samples. */
  readonly classifier?: OpenImageModel;
  /** Samples to draw, and images to reconstruct. */
  readonly samples: number;
  /** Draws for each image of an estimate of the likelihood. Default 50. */
  readonly draws?: number;
  /** Sentences around the names of classes, for zero-shot classification. */
  readonly prompts?: readonly string[];
  /** Default 0. */
  readonly seed?: number;
  /** How samples are drawn, of a model that takes noise away. */
  readonly denoising?: DenoisingOptions;
  readonly say?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** How the figures that go into a table will be measured: known before they are. */
export function figureTerms({
  open,
  train,
  test,
  extractors = [],
  samples,
}: Pick<EvaluateImagesOptions, 'open' | 'train' | 'test' | 'extractors' | 'samples'>): {
  readonly density?: DensityTerms;
  readonly samples?: readonly SetTerms[];
} {
  const { model, images } = open;
  const { pixels } = images;
  const { density } = model;
  const sets = { made: { count: samples }, test, train, pixels };
  return {
    ...(density && { density: densityTerms({ density, images: test, pixels, ...givenTo(model) }) }),
    ...(canDraw(model) && { samples: extractors.map((extractor) => setTerms({ extractor, ...sets })) }),
  };
}

/** @throws ConfigError when the images are not of the model's size */
export async function evaluateImageModel(options: EvaluateImagesOptions): Promise<ImageModelFigures> {
  const { open, test, samples, draws = 50, seed = 0, signal } = options;
  const { model, images: shape } = open;
  checkShape(test, open);
  const aborts = { ...(signal && { signal }) };
  const density = model.density && (await open.density(test, aborts));
  const tighter = model.tighter?.(draws);
  const estimate = tighter && (await open.density(test, { density: tighter, batchSize: 20, ...aborts }));
  const drawn = canDraw(model) ? await judgeSamples(options) : {};
  const chosen = drawImages(test, Math.min(samples, test.count), seed);
  const against = ({ originals, images }: Reconstructions) => ({
    ...similarity(originals, images, { ...shape, largest: largestPixel(shape.pixels) }),
    pixels: shape.pixels,
  });
  const reconstruction = model.codec && against(await open.reconstruct(chosen, aborts));
  const restoration = model.restorer && against(await open.restore(chosen, aborts));
  const accuracy = model.classifier && test.labels && (await classifierAccuracy(judging(open, test, signal)));
  return {
    ...(density && { density }),
    ...drawn,
    ...(estimate && { estimate }),
    ...(reconstruction && { reconstruction }),
    ...(restoration && { restoration }),
    ...(accuracy && { accuracy }),
    ...(model.embeddings && (await judgeEmbeddings(options))),
  };
}

async function judgeEmbeddings({
  open,
  test,
  prompts,
  signal,
}: EvaluateImagesOptions): Promise<Pick<ImageModelFigures, 'retrieval' | 'zeroShot'>> {
  const aborts = { ...(signal && { signal }) };
  const has = test.captions?.some((own) => own.length > 0) === true;
  return {
    ...(has && { retrieval: await retrieval(embeddingOptions(open, captioned(test), aborts)) }),
    ...(test.labels && {
      zeroShot: await zeroShot(embeddingOptions(open, test, aborts), { ...(prompts && { prompts }) }),
    }),
  };
}

/** Draws samples, and measures them by what judges see in them. */
export async function judgeSamples(
  options: EvaluateImagesOptions,
): Promise<Pick<ImageModelFigures, 'samples' | 'classes'>> {
  const { open, train, test, extractors = [], classifier, seed = 0, denoising, signal, say } = options;
  if (extractors.length === 0 && classifier === undefined) return {};
  const { images: shape } = open;
  const sample = await open.sampler({ lanes: lanesFor(open.model) });
  const aborts = { ...(signal && { signal }) };
  say?.(`Drawing ${options.samples.toLocaleString('en')} samples`);
  const { text } = shape;
  // From text, one draws what the captions of test images say.
  const described = text && drawImages(captioned(test), Math.min(options.samples, captioned(test).count), seed);
  const captions = described && firstCaptions(described, text, options.samples);
  const { images, labels: drawn } = await sample({
    ...{ count: options.samples, seed },
    ...(captions && { captions }),
    ...(denoising && { denoising }),
    ...aborts,
  });
  const labels = described?.labels ? drawn.map((_, index) => described.labels![index % described.count]!) : drawn;
  const made = imageSetOf(images, { ...shape, largest: largestPixel(shape.pixels), name: 'samples', labels });
  const samples: SetFigures[] = [];
  for (const extractor of extractors) {
    say?.(`Measuring by the features of ${extractor.id.name}`);
    samples.push(await setFigures({ extractor, made, test, train, pixels: shape.pixels, seed, ...aborts }));
  }
  const classFigures = async (judge: OpenImageModel): Promise<ClassFigures> => {
    const seen = (set: ImageSet): ImageSet => discretised(set, shape.pixels, seed);
    const read = await classesRead(judging(judge, seen(made), signal));
    return {
      classifier: idOf(judge),
      onTestImages: await classifierAccuracy(judging(judge, seen(test), signal)),
      ...((open.model.conditional === true || described?.labels !== undefined) && {
        asAsked: accuracyOf(read, labels),
      }),
      coverage: modeCoverage(read, judge.data.classes),
    };
  };
  const classes = classifier && (await classFigures(classifier));
  return { ...(samples.length > 0 && { samples }), ...(classes && { classes }) };
}

const judging = (judge: OpenImageModel, images: ImageSet, signal: AbortSignal | undefined) => {
  const { engine, weights, model, data } = judge;
  if (model.classifier === undefined) {
    throw new DataError(`${judge.folder} is a ${judge.definition.name}, not a classifier`, {
      advice: 'descent train classifier makes one.',
    });
  }
  checkShape(images, judge);
  return {
    ...judge.batches(images),
    ...{ engine, weights, parameters: model.parameters, classifier: model.classifier, classes: data.classes },
    lanes: lanesFor(model),
    ...(signal && { signal }),
  };
};

const idOf = ({ definition, values, model }: OpenImageModel): ExtractorId => ({
  name: definition.name,
  hash: modelId(values),
  features: model.features?.size ?? 0,
});

/** The features of a trained model as a judge of sets. @throws DataError when it gives none */
export function modelExtractor(open: OpenImageModel): FeatureExtractor {
  const { engine, weights, model, images } = open;
  const { features } = model;
  if (features === undefined)
    throw new DataError(`${open.folder}: a ${open.definition.name} gives no features`, {
      advice: 'Judge with a classifier: descent train classifier makes one.',
    });
  const { name, hash } = idOf(open);
  const { pixels } = images;
  const { parameters } = model;
  const lanes = lanesFor(model);
  const { extract, id } = extractorOf({ engine, weights, features, name, hash, pixels, parameters, lanes });
  return {
    id,
    extract: async (set, aborts) => {
      checkShape(set, open);
      return extract(set, aborts);
    },
  };
}

/** The detector in a folder as a judge of sets: for pictures of things. */
export async function networkExtractor(engine: Engine, folder: string): Promise<FeatureExtractor> {
  const network = await readNetworkFeatures(folder);
  const weights = await engine.createStore({ leaves: leavesOf(network.parameters), values: network.values });
  // It is made of convolutions.
  return extractorOf({ ...network, engine, weights, pixels: 'bytes', lanes: 2 });
}
