import { ConfigError } from '../errors.js';
import { readImages } from '../data/images/sources.js';
import type { EngineFlags } from './flags.js';
import { findModel, withEngine } from './session.js';
import { testImages } from './stages/images.js';
import type { ImageBatchOptions } from '../data/images/batches.js';
import type { ImageSet } from '../data/images/image-set.js';
import { type DensityFigure, densityOf } from '../evaluation/density.js';
import { type LoadedImageModel, imageData, loadImageModel } from '../formats/image-model-folder.js';
import type { Density, ImageData } from '../nn/image-model.js';
import type { Engine, Store } from '../runtime/engine.js';
import { type ImageCoder, type Reconstructions, imageCoder, reconstructImages } from '../sampling/codes.js';
import { type ImageSampler, imageSampler } from '../sampling/images.js';
import { type Restorations, restoreImages } from '../sampling/restore.js';
import { leavesOf } from './stages/stage.js';

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
  sampler(options?: { batchSize?: number }): Promise<ImageSampler>;
  coder(images: ImageSet): Promise<ImageCoder>;
  reconstruct(images: ImageSet, options?: { signal?: AbortSignal }): Promise<Reconstructions>;
  restore(images: ImageSet, options?: { signal?: AbortSignal }): Promise<Restorations>;
  /** Images as batches of what this model takes for pixels. */
  batches(images: ImageSet, batchSize?: number): Omit<ImageBatchOptions, 'flip'>;
}

/** An image model on an engine, for as long as it is used. */
export const withImageModel = <Result>(
  flags: EngineFlags,
  path: string,
  use: (open: OpenImageModel) => Promise<Result>,
): Promise<Result> => withEngine(flags, async (engine) => use(await openImageModel(engine, findModel(path))));

/**
 * Images in the size and the channels of a model. Without a source those of its training that it was not trained on.
 *
 * @throws ConfigError when the model does not say what it was trained on, or the images are of another size
 */
export async function imagesFor(
  { images: made, lineage, folder }: OpenImageModel,
  source: string | undefined,
  { signal }: { signal?: AbortSignal } = {},
): Promise<ImageSet> {
  const trainedOn = lineage?.ancestors.find(({ role }) => role === 'data')?.name;
  const from = source ?? trainedOn;
  if (from === undefined) throw new ConfigError(`${folder} does not say what it was trained on: give images`);
  const { channels, height, width } = made;
  const read = await readImages({
    source: from,
    ...(height === width && { size: height }),
    channels: channels === 1 ? 1 : 3,
    ...(signal && { signal }),
  });
  const images =
    source === undefined
      ? testImages(read, Number(lineage?.settings['evaluationImages'] ?? 1))
      : (read.test ?? read.train);
  if (images.channels !== channels || images.height !== height || images.width !== width) {
    const [is, was] = [images, made].map((shape) => `${shape.width} x ${shape.height}, ${shape.channels} channel(s)`);
    throw new ConfigError(`${from} has images of ${is}; ${folder} is for ${was}`);
  }
  return images;
}

/** Loads a model folder and puts its weights on the engine. @throws FormatError naming the file and what is wrong */
export async function openImageModel(engine: Engine, folder: string): Promise<OpenImageModel> {
  const loaded = await loadImageModel(folder);
  const { model, values, images: made } = loaded;
  const weights = await engine.createStore({ leaves: leavesOf(model.parameters) });
  await weights.write(values);
  const data = imageData(made);
  const batches = (images: ImageSet, batchSize = 100) => ({
    images,
    batchSize: Math.min(batchSize, images.count),
    pixels: made.pixels,
    seed: 0,
  });
  const coder = (images: ImageSet) => imageCoder({ ...batches(images), engine, model, weights });
  return {
    ...loaded,
    engine,
    weights,
    data,
    batches,
    async density(images, { density = model.density!, batchSize, signal } = {}) {
      const { parameters } = model;
      const measure = await densityOf({ ...batches(images, batchSize), engine, weights, parameters, density });
      return measure({ ...(signal && { signal }) });
    },
    sampler: (options = {}) => imageSampler({ engine, model, data, weights, ...options }),
    coder,
    reconstruct: async (images, options) => reconstructImages(await coder(images), options),
    restore: (images, { signal } = {}) =>
      restoreImages({ ...batches(images), engine, model, weights, ...(signal && { signal }) }),
  };
}
