import { leavesOf } from '../nn/parameters.js';
import { resolve } from 'node:path';
import { ConfigError } from '../errors.js';
import { type ImageSource, readImages } from '../data/images/sources.js';
import type { Invocation } from './command.js';
import type { EngineFlags, SkipBadFlags } from './flags.js';
import { badRowsOf, findModel, sayBadRows, withEngine } from './session.js';
import { lanesFor, seenAndUnseen } from './stages/images.js';
import type { ImageBatchOptions } from '../data/images/batches.js';
import type { ImageSet, ImageShape } from '../data/images/image-set.js';
import { type DensityFigure, densityOf } from '../evaluation/density.js';
import type { EmbedOptions } from '../evaluation/embeddings.js';
import { type LoadedImageModel, imageData, loadImageModel } from '../formats/image-model-folder.js';
import type { Density, ImageData, ImageModel } from '../nn/image-model.js';
import type { Engine, Store } from '../runtime/engine.js';
import { type ImageCoder, type Reconstructions, imageCoder, reconstructImages } from '../sampling/codes.js';
import { type CompleteOptions, completeImages } from '../sampling/complete.js';
import { denoisingCoder } from '../sampling/denoising-codes.js';
import { type DenoisingModel, denoiserOf, denoisingModel } from '../sampling/denoising.js';
import type { Completions } from '../sampling/image-options.js';
import {
  type DenoisingOptions,
  type ImageSampler,
  type ImageSamplerOptions,
  imageSampler,
} from '../sampling/images.js';
import { type InpaintOptions, inpaintImages } from '../sampling/inpaint.js';
import { type Restorations, restoreImages } from '../sampling/restore.js';

/** A trained image model on an engine: what it can do, with everything it needs at hand. */
export interface OpenImageModel extends LoadedImageModel {
  readonly engine: Engine;
  readonly weights: Store;
  readonly data: ImageData;
  /** Mean over images, of its own density unless another of its densities is given. */
  density(
    images: ImageSet,
    options?: { density?: Density; batchSize?: number; signal?: AbortSignal },
  ): Promise<DensityFigure>;
  sampler(options?: Pick<ImageSamplerOptions, 'batchSize' | 'lanes'>): Promise<ImageSampler>;
  /** Through the model's codec, or as noise and back through its denoiser. */
  coder(images: ImageSet, options?: DenoisingOptions): Promise<ImageCoder>;
  reconstruct(images: ImageSet, options?: { signal?: AbortSignal }): Promise<Reconstructions>;
  restore(images: ImageSet, options?: { signal?: AbortSignal }): Promise<Restorations>;
  complete(images: ImageSet, options: CompleteOptions): Promise<Completions>;
  inpaint(images: ImageSet, options: InpaintOptions): Promise<Completions>;
  /** What takes noise away. @throws ConfigError when the model does not */
  denoising(options?: { batchSize?: number }): Promise<DenoisingModel>;
  /** Images as batches of what this model takes for pixels. */
  batches(images: ImageSet, batchSize?: number): Omit<ImageBatchOptions, 'flip'>;
}

/** What a density tells of each image that a model is given beside it. */
export const givenTo = ({ conditional }: ImageModel): { given?: 'class' } =>
  conditional === true ? { given: 'class' } : {};

/** An image model on an engine, for as long as it is used. */
export const withImageModel = <Result>(
  flags: EngineFlags,
  path: string,
  use: (open: OpenImageModel) => Promise<Result>,
): Promise<Result> => withEngine(flags, async (engine) => use(await openImageModel(engine, findModel(path))));

/** How a command reads images for a model. */
export interface ReadingOptions {
  /** Leaves out damaged pictures. Default: those of the images that were left out in training. */
  readonly skipBad?: boolean;
  /** Told which pictures were left out. */
  readonly say?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** The same from a command's flags. */
export const readingOf = ({
  flags,
  say,
  signal,
}: Pick<Invocation<SkipBadFlags>, 'flags' | 'say' | 'signal'>): ReadingOptions => ({ ...flags, say, signal });

/**
 * Images in the size and the channels of a model, and fitted to it as those of its training were; without `given` those
 * of its training, of which it leaves out what was left out then.
 *
 * @throws ConfigError when the model does not say what it was trained on, or the images are of another size;
 *   BadRowError for a damaged picture that is not to be left out
 */
export async function sourceFor(
  { images: made, lineage, folder, model }: OpenImageModel,
  given: string | undefined,
  { skipBad: isAsked = false, say, signal }: ReadingOptions = {},
): Promise<ImageSource> {
  const trainedOn = lineage?.ancestors.find(({ role }) => role === 'data')?.name;
  const source = given ?? trainedOn;
  if (source === undefined)
    throw new ConfigError(`${folder} does not say what it was trained on: give images`, {
      advice: 'Name a folder, an archive or a data set of images.',
    });
  const { channels, height, width, reading } = made;
  const { skipBad: leftOut = false, colours = false, ...fit } = reading ?? {};
  const isTrainings = trainedOn !== undefined && resolve(source) === resolve(trainedOn);
  const bad = badRowsOf({ skipBad: isAsked || (leftOut && isTrainings) });
  const read = await readImages({
    ...fit,
    source,
    ...(height === width && { size: height }),
    channels: channels === 1 ? 1 : 3,
    ...(model.conditional === true && { classes: made.labelNames }),
    colours: colours && isTrainings,
    ...bad,
    ...(signal && { signal }),
  });
  if (say) sayBadRows(bad, say);
  checkShape(read.train, { images: made, folder });
  return read;
}

/** @throws ConfigError when the images are not of the model's size */
export function checkShape(set: ImageSet, { images, folder }: Pick<OpenImageModel, 'images' | 'folder'>): void {
  const words = ({ channels, height, width }: ImageShape): string =>
    `${width} x ${height}, ${channels === 1 ? 'grey' : 'colour'}`;
  if (words(set) === words(images)) return;
  throw new ConfigError(`${set.name}: the images are ${words(set)}; ${folder} is for ${words(images)}`, {
    advice: 'Give images like those that it was trained on.',
  });
}

/** Of a source, what the model saw and what it did not. */
export const partsFor = (source: ImageSource, { lineage }: OpenImageModel): { train: ImageSet; test: ImageSet } =>
  seenAndUnseen(source, Number(lineage?.settings['evaluationImages'] ?? 1000));

/** As `sourceFor`: all of the images that are given, or those of the training that the model did not see. */
export async function imagesFor(
  open: OpenImageModel,
  given: string | undefined,
  options: ReadingOptions = {},
): Promise<ImageSet> {
  const source = await sourceFor(open, given, options);
  return given === undefined ? partsFor(source, open).test : (source.test ?? source.train);
}

/**
 * Images with the numbers that a model has for their classes.
 *
 * @throws ConfigError when a model that goes by classes is given images without, or of a class that it does not know
 */
function withLabelsOf({ model, images: made, folder }: LoadedImageModel, set: ImageSet): ImageSet {
  if (model.conditional !== true) return set;
  const known = made.labelNames;
  const advice = `Put them into folders named after its classes: ${known.join(', ')}.`;
  if (set.labels === undefined)
    throw new ConfigError(`${set.name}: ${folder} asks for the class of each image`, { advice });
  const { labelNames = known } = set;
  const unknown = labelNames.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ConfigError(`${set.name}: ${folder} knows no class '${unknown}'`, { advice });
  return { ...set, labels: set.labels.map((label) => known.indexOf(labelNames[label]!)), labelNames: known };
}

/**
 * What it takes to embed images and texts with a model.
 *
 * @throws ConfigError when it does not put them into one space
 */
export function embeddingOptions(
  open: OpenImageModel,
  images: ImageSet,
  { signal }: { signal?: AbortSignal } = {},
): EmbedOptions {
  const { engine, weights, model, images: made, definition, folder } = open;
  const { embeddings, parameters } = model;
  if (embeddings === undefined || made.text === undefined) {
    throw new ConfigError(`${folder}: a ${definition.name} does not compare images with texts`, {
      advice: 'descent train clip makes a model that does.',
    });
  }
  const given = { engine, weights, parameters, embeddings, text: made.text };
  return { ...open.batches(images), ...given, ...(signal && { signal }) };
}

/** Loads a model folder and puts its weights on the engine. @throws FormatError naming the file and what is wrong */
export async function openImageModel(engine: Engine, folder: string): Promise<OpenImageModel> {
  const loaded = await loadImageModel(folder);
  const { model, values, images: made } = loaded;
  const weights = await engine.createStore({ leaves: leavesOf(model.parameters), values });
  const data = imageData(made);
  const batches = (images: ImageSet, batchSize = 100) => ({
    images: withLabelsOf(loaded, images),
    batchSize: Math.min(batchSize, images.count),
    pixels: made.pixels,
    seed: 0,
    ...(made.text && { text: made.text }),
  });
  const coder = (images: ImageSet, denoising?: DenoisingOptions): Promise<ImageCoder> =>
    model.codec === undefined && model.denoiser !== undefined
      ? denoisingCoder({ ...batches(images), engine, model, data, weights, ...(denoising && { denoising }) })
      : imageCoder({ ...batches(images), engine, model, weights });
  return {
    ...loaded,
    engine,
    weights,
    data,
    batches,
    async density(images, { density = model.density!, batchSize, signal } = {}) {
      const { parameters } = model;
      const options = { engine, weights, parameters, density, lanes: lanesFor(model), ...givenTo(model) };
      const measure = await densityOf({ ...batches(images, batchSize), ...options });
      return measure({ ...(signal && { signal }) });
    },
    sampler: (options = {}) => imageSampler({ engine, model, data, weights, ...options }),
    coder,
    reconstruct: async (images, options) => reconstructImages(await coder(images), options),
    complete: (images, options) => completeImages({ ...batches(images), engine, model, data, weights }, options),
    inpaint: (images, options) => inpaintImages({ ...batches(images), engine, model, data, weights }, options),
    denoising: (options = {}) => denoisingModel({ engine, model, data, weights, ...options }, denoiserOf(model)),
    restore: (images, { signal } = {}) =>
      restoreImages({ ...batches(images), engine, model, weights, ...(signal && { signal }) }),
  };
}
