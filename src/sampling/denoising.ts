import { ConfigError } from '../errors.js';
import {
  type Denoise,
  type SamplerSettings,
  checkSampling,
  invert,
  runSampler,
} from '../families/diffusion/samplers.js';
import type {
  DenoisedTensors,
  Denoiser,
  ImageModel,
  ImageTensors,
  NoisyTensors,
  ParameterTree,
  PointDenoiser,
} from '../nn/image-model.js';
import type { Program } from '../runtime/engine.js';
import { type Tensor, float32, int32 } from '../tensor/index.js';
import type { DenoisingOptions, ImageSamplerOptions } from './image-options.js';
import { noiseOf } from './noise.js';
import { rowsSideBySide } from './rows-side-by-side.js';
import { sizeOf } from '../tensor/define.js';

/** Taking noise away, step by step: all ways of drawing with a denoiser are made of what is here. */

export interface DrawRequest {
  /** Of each image. */
  readonly labels: Int32Array;
  /** Captions, [count, length], of a model that reads them; default: none, as for an image without one. */
  readonly tokens?: Int32Array;
  readonly seed: number;
  /** Number of the first image, which its noise goes by. Default 0. */
  readonly first?: number;
  readonly temperature?: number;
  readonly denoising?: DenoisingOptions;
  /** What the model is given of each image, [count, …given]. */
  readonly given?: Float32Array;
  /** Falling to 0, or as RePaint takes them. Default: the model's, in so many steps. */
  readonly sigmas?: readonly number[];
  /** With the first sigma's noise in it, [count, …shape]. Default: noise alone. */
  readonly x?: Float32Array;
  /** What the noise is of, where it is not of the image itself. */
  readonly noiseOf?: string;
  /** Without noise, instead: that of the first sigma is added. */
  readonly from?: Float32Array;
  /** Changes what the denoiser says, for the rows of a batch that begins with this image. */
  readonly wrap?: (denoise: Denoise, start: number) => Denoise;
  /** Called once a step of each batch with what its images seem to become. */
  readonly seen?: (clean: Float32Array, step: number, start: number) => void;
  readonly signal?: AbortSignal;
}

/** A denoiser on an engine. What it denoises has `size` numbers an image. */
export interface DenoisingModel {
  readonly size: number;
  readonly sigmas: (options?: DenoisingOptions) => readonly number[];
  /** → what was drawn, [count, …shape]; image n of a seed is the same in any batch and any number of images. */
  readonly draw: (request: DrawRequest) => Promise<Float32Array>;
  /** Images as the model sees them → the noise that they are drawn from at eta 0, at the first sigma. */
  readonly invert: (request: DrawRequest & { readonly x: Float32Array }) => Promise<Float32Array>;
  /** What the model is given of images [count, C, H, W]; absent where it is given none. */
  readonly give?: (images: Float32Array, signal?: AbortSignal) => Promise<Float32Array>;
  /** images [count, C, H, W] → [count, …shape] */
  readonly encode: (images: Float32Array, labels: Int32Array, signal?: AbortSignal) => Promise<Float32Array>;
  /** [count, …shape] → images [count, C, H, W] */
  readonly decode: (clean: Float32Array, signal?: AbortSignal) => Promise<Float32Array>;
}

/** @throws ConfigError when a model does not take noise away */
export function denoiserOf({ denoiser }: ImageModel): Denoiser {
  if (denoiser !== undefined) return denoiser;
  throw new ConfigError('This model does not draw by taking noise away', {
    advice: 'ddpm, edm, guided-diffusion and latent-diffusion do.',
  });
}

/** The noise of an image: that which it starts from, or of a step. */
const startNoise = 'noise';
const stepNoise = (step: number): string => `noise of step ${step}`;

/** Compiles a denoiser. @throws ConfigError for settings that it does not take */
export async function denoisingModel(
  options: ImageSamplerOptions,
  denoiser: PointDenoiser & Partial<Denoiser>,
): Promise<DenoisingModel> {
  const { engine, model, data, weights, batchSize = 64 } = options;
  const { parameters } = model;
  const size = sizeOf(denoiser.shape);
  const imageShape = [data.channels, data.height, data.width];
  const imageSize = sizeOf(imageShape);
  const ofEach = int32(batchSize);
  const clean = float32(batchSize, ...denoiser.shape);
  const length = data.text?.length ?? 0;
  const prior = denoiser.prior && (await denoisingModel(options, denoiser.prior));
  const givenShape = denoiser.given?.shape ?? denoiser.prior?.shape;

  const evaluate = await rowsSideBySide({
    ...{ engine, weights, batchSize },
    compile: (on, rows, threads) =>
      on.compile(
        ((traced: { parameters: ParameterTree; rows: NoisyTensors }): DenoisedTensors =>
          denoiser.denoise(traced.parameters, traced.rows)) as never,
        {
          parameters,
          rows: {
            x: float32(rows, ...denoiser.shape),
            sigma: float32(rows),
            labels: int32(rows),
            told: float32(rows),
            ...(length > 0 && { tokens: int32(rows, length) }),
            ...(givenShape && { image: float32(rows, ...givenShape) }),
          },
        },
        { name: 'denoise', threads },
      ),
  });
  const encoder = lazily(() =>
    engine.compile(
      ((traced: { parameters: ParameterTree; batch: ImageTensors }) => ({
        values: denoiser.encode!(traced.parameters, traced.batch),
      })) as never,
      {
        parameters,
        batch: { images: float32(batchSize, ...imageShape), labels: ofEach, key: int32(2) },
      },
      { name: 'encode for denoising' },
    ),
  );
  const decoder = lazily(() =>
    engine.compile(
      ((traced: { parameters: ParameterTree; clean: Tensor }) => ({
        values: denoiser.decode!(traced.parameters, traced.clean),
      })) as never,
      { parameters, clean },
      { name: 'decode what was denoised' },
    ),
  );

  /** The denoiser for the rows of a batch: guided, and within bounds. */
  const denoiseRows = (request: DrawRequest, start: number): Denoise => {
    const { labels, tokens = new Int32Array(0), given, signal } = request;
    const captions = length > 0 && padRows(tokens, start, batchSize, length, Int32Array);
    const guidance = request.denoising?.guidance ?? denoiser.guidance ?? 1;
    const rows = padRows(labels, start, batchSize, 1, Int32Array);
    const image = given && givenShape && padRows(given, start, batchSize, sizeOf(givenShape), Float32Array);
    const told = (share: number) => async (x: Float32Array, sigma: number) => {
      signal?.throwIfAborted();
      const noisy = {
        x,
        sigma: new Float32Array(batchSize).fill(sigma),
        labels: rows,
        told: new Float32Array(batchSize).fill(share),
        ...(captions && { tokens: captions }),
        ...(image && { image }),
      };
      const { clean: found, spread } = await evaluate(noisy, { ...(signal && { signal }) });
      return { clean: found!, ...(spread && { spread }) };
    };
    const plain = guidance === 1 ? told(1) : guided(told(1), told(0), guidance);
    const within = denoiser.bounds ? bounded(plain, denoiser.bounds) : plain;
    return request.wrap ? request.wrap(within, start) : within;
  };

  const check = (request: DrawRequest): void => {
    checkSampling(request.denoising ?? {});
    const { guidance = 1 } = request.denoising ?? {};
    if (guidance !== 1 && denoiser.conditions.every((condition) => condition === 'image')) {
      throw new ConfigError(`guidance ${guidance}: this model is told nothing that could be withheld`, {
        advice: 'Leave guidance out, or train a model on classes (--model.conditional).',
      });
    }
    if (denoiser.given && request.given === undefined) {
      throw new ConfigError('This model makes an image of another one: give it images', {
        advice: 'Name them after the model.',
      });
    }
  };

  const sigmasOf = ({ steps = denoiser.steps }: DenoisingOptions = {}): readonly number[] => [
    ...denoiser.sigmas(steps),
    0,
  ];

  /** Calls with every batch of rows, and puts what comes back where the rows were. */
  const eachBatch = async (
    count: number,
    run: (start: number, rows: number) => Promise<Float32Array>,
  ): Promise<Float32Array> => {
    let result: Float32Array | undefined;
    for (let start = 0; start < count; start += batchSize) {
      const rows = Math.min(batchSize, count - start);
      const values = await run(start, rows);
      const each = values.length / batchSize;
      result ??= new Float32Array(count * each);
      result.set(values.subarray(0, rows * each), start * each);
    }
    return result ?? new Float32Array(0);
  };

  const mapRows =
    (program: () => Promise<Program>, argumentsOf: (start: number) => object, signal?: AbortSignal) =>
    async (start: number): Promise<Float32Array> => {
      const args = { parameters: weights, ...argumentsOf(start) };
      const compiled = await program();
      return ((await compiled.run(args, { ...(signal && { signal }) })) as { values: Float32Array }).values;
    };

  /** What the prior draws for each image, where there is one and it is not given. */
  const withPoint = async (request: DrawRequest): Promise<DrawRequest> => {
    if (prior === undefined || request.given !== undefined) return request;
    const { labels, tokens, seed, first = 0, temperature = 1, signal } = request;
    const conditions = { labels, ...(tokens && { tokens }), ...(signal && { signal }) };
    return { ...request, given: await prior.draw({ ...conditions, seed, first, temperature, noiseOf: 'prior' }) };
  };

  const giver = lazily(() =>
    engine.compile(
      ({ images }: { images: Tensor }) => ({ values: denoiser.given!.of(images) }),
      { images: float32(batchSize, ...imageShape) },
      { name: 'what is given of images' },
    ),
  );
  const imagesAt = (images: Float32Array, start: number): Float32Array =>
    padRows(images, start, batchSize, imageSize, Float32Array);

  return {
    size,
    sigmas: sigmasOf,
    ...(denoiser.given && {
      give: (images, signal) =>
        eachBatch(
          images.length / imageSize,
          mapRows(giver, (start) => ({ images: imagesAt(images, start) }), signal),
        ),
    }),
    async draw(asked) {
      check(asked);
      const request = await withPoint(asked);
      const { labels, seed, first = 0, temperature = 1, denoising = {}, x: given, from, seen } = request;
      const of = request.noiseOf === undefined ? '' : `${request.noiseOf}: `;
      const sigmas = request.sigmas ?? sigmasOf(denoising);
      return eachBatch(labels.length, (start, rows) => {
        const noise = (name: string, deviation: number): Float32Array => {
          const values = new Float32Array(batchSize * size);
          for (let row = 0; row < rows; row++) {
            const drawn = noiseOf(seed, of + name, first + start + row, size);
            for (let i = 0; i < size; i++) values[row * size + i] = drawn[i]! * deviation;
          }
          return values;
        };
        const pad = (values: Float32Array): Float32Array => padRows(values, start, batchSize, size, Float32Array);
        const x = given ? pad(given) : noise(startNoise, sigmas[0]! * temperature);
        if (from) pad(from).forEach((value, at) => (x[at]! += value));
        return runSampler(
          denoising.sampler ?? denoiser.sampler,
          {
            denoise: denoiseRows(request, start),
            sigmas,
            x,
            noise: (step) => noise(stepNoise(step), temperature),
            ...(seen && {
              seen: (values, step) => {
                seen(values.subarray(0, rows * size), step, start);
              },
            }),
          },
          settingsOf(denoising),
        );
      });
    },
    async invert(asked) {
      check(asked);
      const request = { ...(await withPoint(asked)), x: asked.x };
      const sigmas = [...(request.sigmas ?? denoiser.sigmas(request.denoising?.steps ?? denoiser.steps))].reverse();
      return eachBatch(request.labels.length, (start) =>
        invert({
          denoise: denoiseRows(request, start),
          sigmas,
          x: padRows(request.x, start, batchSize, size, Float32Array),
        }),
      );
    },
    encode: (images, labels, signal) =>
      eachBatch(
        labels.length,
        mapRows(
          encoder,
          (start) => ({
            batch: {
              images: imagesAt(images, start),
              labels: padRows(labels, start, batchSize, 1, Int32Array),
              key: new Int32Array(2),
            },
          }),
          signal,
        ),
      ),
    decode: (values, signal) =>
      eachBatch(
        values.length / size,
        mapRows(decoder, (start) => ({ clean: padRows(values, start, batchSize, size, Float32Array) }), signal),
      ),
  };
}

const settingsOf = ({ eta, churn }: DenoisingOptions): SamplerSettings => ({
  ...(eta !== undefined && { eta }),
  ...(churn !== undefined && { churn: { amount: churn } }),
});

/** Away from what the denoiser says without the condition, by this factor (Ho & Salimans 2022). */
const guided =
  (told: Denoise, untold: Denoise, guidance: number): Denoise =>
  async (x, sigma, step) => {
    const without = await untold(x, sigma, step);
    if (guidance === 0) return without;
    const { clean, ...rest } = await told(x, sigma, step);
    return {
      ...rest,
      clean: clean.map((value, index) => without.clean[index]! + guidance * (value - without.clean[index]!)),
    };
  };

/** What is clean lies within bounds, so its mean does too. */
const bounded =
  (denoise: Denoise, [least, most]: readonly [number, number]): Denoise =>
  async (x, sigma, step) => {
    const { clean, ...rest } = await denoise(x, sigma, step);
    return { ...rest, clean: clean.map((value) => Math.min(most, Math.max(least, value))) };
  };

/** Rows of a batch that begins with row `start`, zeros where there are no more. */
function padRows<Values extends Float32Array | Int32Array>(
  values: Values,
  start: number,
  batchSize: number,
  size: number,
  Type: new (length: number) => Values,
): Values {
  const batch = new Type(batchSize * size);
  batch.set(values.subarray(start * size, (start + batchSize) * size));
  return batch;
}

function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
