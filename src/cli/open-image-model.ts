import type { ImageBatchOptions } from '../data/images/batches.js';
import type { ImageSet } from '../data/images/image-set.js';
import { type DensityFigure, densityOf } from '../evaluation/density.js';
import { type LoadedImageModel, imageData, loadImageModel } from '../formats/image-model-folder.js';
import type { Density, ImageData } from '../nn/image-model.js';
import type { Engine, Store } from '../runtime/engine.js';
import { type Reconstructions, type Restorations, reconstructImages, restoreImages } from '../sampling/codes.js';
import { type ImageSampler, imageSampler } from '../sampling/images.js';
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
  reconstruct(images: ImageSet, options?: { signal?: AbortSignal }): Promise<Reconstructions>;
  restore(images: ImageSet, options?: { signal?: AbortSignal }): Promise<Restorations>;
  /** Images as batches of what this model takes for pixels. */
  batches(images: ImageSet, batchSize?: number): Omit<ImageBatchOptions, 'flip'>;
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
    reconstruct: (images, { signal } = {}) =>
      reconstructImages({ ...batches(images), engine, model, weights, ...(signal && { signal }) }),
    restore: (images, { signal } = {}) =>
      restoreImages({ ...batches(images), engine, model, weights, ...(signal && { signal }) }),
  };
}
