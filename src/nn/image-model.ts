import type { z } from 'zod';
import type { Tensor } from '../tensor/index.js';

/**
 * What an image model can do, as small capabilities: any of them may be missing but losses. All are functions of traced
 * tensors, so that one description trains, samples and measures on every device.
 *
 * Images are float32 [B, C, H, W] in whole numbers from 0 to 255, or to 1 for a model of binary pixels.
 */

/** What a model is built for. */
export interface ImageData {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Values of a pixel: 2 or 256. */
  readonly levels: number;
  /** Number of classes; 0: the images have no labels. */
  readonly classes: number;
}

export interface ImageTensors {
  readonly images: Tensor;
  /** int32 [B] */
  readonly labels: Tensor;
  /** int32 [2]: of this batch's random draws. */
  readonly key: Tensor;
}

/** A tree of tensors in the shape of the model's declared parameters. The model knows its own; nobody else looks inside. */
export type ParameterTree = never;

/** A scalar to descend, and scalars to log. */
export interface LossTensors {
  readonly loss: Tensor;
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** One optimization problem, as a phase of the trainer. */
export interface ImageLoss {
  readonly name: string;
  readonly loss: (parameters: ParameterTree, batch: ImageTensors) => LossTensors;
  /** Parameters that it moves, by path. Default: all. */
  readonly trainable?: (path: string) => boolean;
  /** Assigns new values in place of descending: see `assignment`. */
  readonly assigns?: boolean;
}

/**
 * A probability over images. `exact`: log p(x). `lower-bound`: at most log p(x), in expectation over the key.
 * `estimate`: an importance-weighted mean over `draws` samples, which rises to log p(x) with their number.
 */
export interface Density {
  readonly kind: 'exact' | 'lower-bound' | 'estimate';
  readonly draws?: number;
  /** log p of each image in nats, [B]; of the discrete image, not of a density over noisy pixels. */
  readonly logProb: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
}

/** Draws images from noise in one go. */
export interface Generative {
  /** Standard normal numbers that one image is made of, by name: shapes without the batch axis. */
  readonly noise: Readonly<Record<string, readonly number[]>>;
  /** → images [B, C, H, W]. The noise comes already multiplied by the temperature. */
  readonly sample: (
    parameters: ParameterTree,
    given: { readonly noise: Readonly<Record<string, Tensor>>; readonly labels: Tensor },
  ) => Tensor;
}

/** Images to codes and back. */
export interface Codec {
  /** images → code [B, …]; of a distribution over codes, its mean. */
  readonly encode: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
  /** code → images, the mean of each pixel. */
  readonly decode: (parameters: ParameterTree, code: Tensor, labels: Tensor) => Tensor;
}

export interface ImageModel {
  /** Declared parameters. */
  readonly parameters: object;
  readonly losses: readonly ImageLoss[];
  readonly density?: Density;
  /** A tighter value of the same density, with many draws. */
  readonly tighter?: (draws: number) => Density;
  readonly generative?: Generative;
  readonly codec?: Codec;
}

/** One model of a family: `families/<family>/<name>.ts` exports one as `definition`. */
export interface ImageModelDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** For lists: what it is, and the paper. */
  readonly title: string;
  readonly source: string;
  /** Its settings; the descriptions are the command line's help. */
  readonly schema: Schema;
  /** What a pixel is to it, unless told otherwise. */
  readonly pixels: 'bytes' | 'dynamic';
  readonly build: (config: z.output<Schema>, data: ImageData) => ImageModel;
}

/** Keeps the types of a definition's parts together. */
export const defineImageModel = <Schema extends z.ZodObject>(
  definition: ImageModelDefinition<Schema>,
): ImageModelDefinition => definition;
