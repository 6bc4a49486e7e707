import { type CountedImages, type ImageBatchOptions, imageBatchSpec, imageList } from '../data/images/batches.js';
import { dimensions } from '../data/images/image-set.js';
import type { Density, ImageTensors } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import { sideBySide } from '../runtime/side-by-side.js';

/** How probable a model finds images: a number that always says what kind of number it is, and of what pixels. */
export interface DensityFigure {
  readonly kind: Density['kind'];
  /** Draws per image, of an estimate. */
  readonly draws?: number;
  /** What it is a probability of, where that is not the pixels themselves: such figures compare with their like alone. */
  readonly of?: string;
  /** Mean of −log p(x), nats per image. */
  readonly nats: number;
  /** The same per pixel and channel, in bits; of something else than pixels there is no such number. */
  readonly bitsPerDimension?: number;
  /** The model was told the class of each image: log p(x | class). */
  readonly given?: 'class';
  /** Of the mean over images, in nats. */
  readonly standardError: number;
  readonly images: number;
  readonly pixels: ImageBatchOptions['pixels'];
  readonly shape: readonly [channels: number, height: number, width: number];
}

/** Everything about such a figure but its values: known before anything is measured. */
export type DensityTerms = Omit<DensityFigure, 'nats' | 'bitsPerDimension' | 'standardError'>;

/** What a figure of this model on these images will be a figure of. */
export function densityTerms({
  density: { kind, draws, of },
  given,
  images: { count, channels, height, width },
  pixels,
}: Pick<DensityOptions, 'density' | 'given' | 'images' | 'pixels'>): DensityTerms {
  return {
    kind,
    ...(draws !== undefined && { draws }),
    ...(of !== undefined && { of }),
    ...(given !== undefined && { given }),
    images: count,
    pixels,
    shape: [channels, height, width],
  };
}

export interface DensityOptions extends Omit<ImageBatchOptions, 'flip'> {
  readonly engine: Engine;
  /** Declared parameters, and where their values are. */
  readonly parameters: object;
  readonly weights: StoreReference;
  readonly density: Density;
  readonly given?: 'class';
  /** Batches computed side by side (CPU only). Default 1. */
  readonly lanes?: number;
}

/**
 * Compiles the mean over a fixed set of images; the parameters are read anew at each call. Binary pixels are drawn by
 * (seed, image); what the model draws itself, by (seed, first image of the batch).
 */
export async function densityOf(
  options: DensityOptions,
): Promise<(options?: { signal?: AbortSignal }) => Promise<DensityFigure>> {
  const { parameters, density, images, batchSize, seed } = options;
  const measure = await sideBySide(options, async ({ engine, weights, threads }) => {
    const program = await engine.compile(
      ((args: { parameters: never; batch: ImageTensors }) => ({
        logProb: density.logProb(args.parameters, args.batch),
      })) as never,
      { parameters, batch: imageBatchSpec(images, batchSize, options.text) },
      { name: 'density', threads },
    );
    return async ({ batch, count, start }: CountedImages): Promise<Float32Array> => {
      const key = Int32Array.of(seed, start);
      const { logProb } = (await program.run({ parameters: weights, batch: { ...batch, key } })) as {
        logProb: Float32Array;
      };
      return logProb.subarray(0, count);
    };
  });
  return async ({ signal } = {}) => {
    const values = (await measure(imageList(options), signal)).flatMap((each) => Array.from(each));
    const nats = -values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value + nats) ** 2, 0) / Math.max(1, values.length - 1);
    return {
      ...densityTerms(options),
      nats,
      ...(density.of === undefined && { bitsPerDimension: nats / (dimensions(images) * Math.LN2) }),
      standardError: Math.sqrt(spread / values.length),
    };
  };
}
