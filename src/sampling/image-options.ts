import { ConfigError } from '../errors.js';
import type { Controls, ImageData, ImageModel, SamplerName } from '../nn/image-model.js';
import type { Engine, StoreReference } from '../runtime/engine.js';
import type { NoiseSource } from './noise.js';

/** What every way of drawing images takes and gives. */

export interface ImageSamplerOptions {
  readonly engine: Engine;
  readonly model: ImageModel;
  readonly data: ImageData;
  readonly weights: StoreReference;
  /** Images drawn side by side; changes nothing but the speed. Default 64. */
  readonly batchSize?: number;
  /** Batches drawn side by side (CPU only), where the model draws in one go. Default 1. */
  readonly lanes?: number;
}

export interface SampleOptions {
  readonly count: number;
  readonly seed?: number;
  /** The class of each image, or of all; by default every class in turn. */
  readonly labels?: number | readonly number[];
  /** The caption of each image in tokens, or of all; by default none. */
  readonly captions?: readonly Int32Array[];
  /** Scales the noise: below 1 less varied and more typical. Default 1. */
  readonly temperature?: number;
  /** In place of noise by the seed, for models that draw an image in one go: before the temperature. */
  readonly noise?: NoiseSource;
  /** Of the model's controls, those that are not to have their default. */
  readonly controls?: Readonly<Record<string, number>>;
  /** How noise is taken away, of models that do. */
  readonly denoising?: DenoisingOptions;
  /** Called with the share that is done, by models that draw in steps. */
  readonly progress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

export interface DenoisingOptions {
  /** Default: the model's. */
  readonly steps?: number;
  readonly sampler?: SamplerName;
  /** Share of the noise of a step that is drawn anew, 0 to 1, of the samplers ddpm and ddim. */
  readonly eta?: number;
  /** Noise that steps of the sampler heun add and take away again, over all steps together (Karras et al. 2022). */
  readonly churn?: number;
  /** How much more of a class an image is to have than the model finds in it: 1 as it is. Default 1. */
  readonly guidance?: number;
}

/** @throws ConfigError where settings of denoising are meant for a model that does not denoise */
export function rejectDenoising({ denoising }: Pick<SampleOptions, 'denoising'>): void {
  const [name] = Object.keys(denoising ?? {});
  if (name === undefined) return;
  throw new ConfigError(`${name}: this model does not draw by taking noise away`, {
    advice: 'Leave it out; it is for ddpm and its kin.',
  });
}

/** Pictures as a model gives them: [count, C, H, W], 0 to its largest value. */
export interface Samples {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** Images of which a part was kept and the rest drawn; all [count, C, H, W]. */
export interface Completions {
  readonly originals: Float32Array;
  /** The originals, what is to be drawn in grey. */
  readonly kept: Float32Array;
  /** One list for each time the images were completed. */
  readonly completions: readonly Float32Array[];
  /** How many rows of pixels there were one after the other, on the way: at first, to the height at last. */
  readonly edges: readonly number[];
}

/** Draws images. */
export type ImageSampler = (options: SampleOptions) => Promise<Samples>;

/** The classes of so many images. */
export function labelsFor(count: number, classes: number, labels: SampleOptions['labels']): Int32Array {
  const wanted = typeof labels === 'number' ? [labels] : labels;
  const wrong = wanted?.find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new ConfigError(
      `class ${wrong}: ${classes === 0 ? 'this model knows no classes' : `there are ${classes}, from 0`}`,
    );
  }
  return Int32Array.from(
    { length: count },
    (_, index) => wanted?.[index % wanted.length] ?? index % Math.max(1, classes),
  );
}

/**
 * The captions of so many images as one list of tokens; zeros where none are given, undefined for a model that reads
 * none.
 */
export function tokensFor(
  count: number,
  text: ImageData['text'],
  captions: SampleOptions['captions'] = [],
): Int32Array | undefined {
  if (text === undefined) {
    if (captions.length === 0) return undefined;
    throw new ConfigError('This model reads no captions', { advice: 'stable-diffusion and dalle2 do.' });
  }
  const tokens = new Int32Array(count * text.length);
  if (captions.length > 0)
    for (let index = 0; index < count; index++) tokens.set(captions[index % captions.length]!, index * text.length);
  return tokens;
}

/** Every control with its value. @throws ConfigError for one that the model does not have */
export function controlsFor(known: Controls = {}, asked: SampleOptions['controls'] = {}): Record<string, Float32Array> {
  const unknown = Object.keys(asked).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const names = Object.entries(known).map(([name, { about }]) => `${name} (${about})`);
    throw new ConfigError(`${unknown}: this model has no such setting for drawing`, {
      advice: names.length > 0 ? `It has: ${names.join(', ')}.` : 'It has none: leave it out.',
    });
  }
  return Object.fromEntries(
    Object.entries(known).map(([name, { default: value }]) => [name, Float32Array.of(asked[name] ?? value)]),
  );
}
