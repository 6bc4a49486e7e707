import { ConfigError } from '../errors.js';
import type { Denoiser, Generative, ImageModel } from '../nn/image-model.js';
import { sideBySide } from '../runtime/side-by-side.js';
import { denoisingModel } from './denoising.js';
import {
  type ImageSampler,
  type ImageSamplerOptions,
  controlsFor,
  labelsFor,
  rejectDenoising,
  tokensFor,
} from './image-options.js';
import { noiseBatch, noiseBySeed } from './noise.js';
import { padded } from './padded.js';
import { type HostArrays, drawSpecs, searchOf } from './search.js';
import { sequentialSampler } from './sequential.js';
import { float32, int32 } from '../tensor/index.js';

export type { DenoisingOptions, ImageSampler, ImageSamplerOptions, SampleOptions } from './image-options.js';

/** Whether images can be drawn from a model, of nothing but noise. */
export const canDraw = ({ generative, sequential, denoiser }: ImageModel): boolean =>
  generative !== undefined || sequential !== undefined || (denoiser !== undefined && denoiser.given === undefined);

/** Compiles what draws images from a model: in one go, value by value, or by taking noise away. @throws ConfigError when the model cannot */
export async function imageSampler(options: ImageSamplerOptions): Promise<ImageSampler> {
  const { generative, sequential, denoiser } = options.model;
  if (generative !== undefined) return generativeSampler(options, generative);
  if (sequential !== undefined) return sequentialSampler(options, sequential);
  if (denoiser !== undefined) return denoisingSampler(options, denoiser);
  throw new ConfigError('This model cannot draw images', {
    advice: 'Take one that learnt to: a classifier, for one, only tells them apart.',
  });
}

async function denoisingSampler(options: ImageSamplerOptions, denoiser: Denoiser): Promise<ImageSampler> {
  const { draw, decode, sigmas } = await denoisingModel(options, denoiser);
  const { data, batchSize = 64 } = options;
  return async ({ count, seed = 0, labels, captions, controls, progress, signal, ...rest }) => {
    controlsFor({}, controls);
    const classes = labelsFor(count, data.classes, labels);
    const tokens = tokensFor(count, data.text, captions);
    const steps = progress && Math.ceil(count / batchSize) * (sigmas(rest.denoising).length - 1);
    let done = 0;
    const clean = await draw({
      ...{ ...rest, labels: classes, seed },
      ...(tokens && { tokens }),
      ...(progress && { seen: () => progress(++done / steps!) }),
      ...(signal && { signal }),
    });
    return { images: await decode(clean, signal), labels: classes };
  };
}

const scalar = float32();

async function generativeSampler(options: ImageSamplerOptions, generative: Generative): Promise<ImageSampler> {
  const { model, data, batchSize = 64 } = options;
  const { parameters } = model;
  const specs = drawSpecs(generative, batchSize);
  const controlSpecs = Object.fromEntries(Object.keys(generative.controls ?? {}).map((name) => [name, scalar]));
  const tokenSpecs = data.text && { tokens: int32(batchSize, data.text.length) };
  interface Traced {
    readonly parameters: never;
    readonly given: Parameters<Generative['sample']>[1];
  }
  const draw = await sideBySide(options, async ({ engine, weights, threads }) => {
    const find = await searchOf(generative, { engine, parameters, weights, batchSize, threads });
    const program = await engine.compile(
      ((traced: Traced) => ({ images: generative.sample(traced.parameters, traced.given) })) as never,
      { parameters, given: { ...specs, ...tokenSpecs, controls: controlSpecs } },
      { name: 'sample images', threads },
    );
    return async ({ asked, settings }: Batch, signal?: AbortSignal): Promise<Float32Array> => {
      const given = { ...asked, controls: settings, state: await find(asked, signal) };
      const { images } = (await program.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
        images: Float32Array;
      };
      return images;
    };
  });
  const size = data.channels * data.height * data.width;
  const tokenRows = (tokens: Int32Array, length: number, start: number): Int32Array =>
    padded(tokens.subarray(start * length, (start + batchSize) * length), batchSize * length);
  return async (asking) => {
    rejectDenoising(asking);
    const {
      count,
      seed = 0,
      labels,
      captions,
      temperature = 1,
      noise: source = noiseBySeed(seed),
      controls,
      signal,
    } = asking;
    const classes = labelsFor(count, data.classes, labels);
    const tokens = tokensFor(count, data.text, captions);
    const settings = controlsFor(generative.controls, controls);
    const batches = function* (): Generator<Batch> {
      for (let start = 0; start < count; start += batchSize) {
        const indices = Array.from({ length: Math.min(batchSize, count - start) }, (_, row) => start + row);
        const asked = {
          noise: noiseBatch(generative.noise, { batchSize, source, indices, temperature }),
          labels: padded(classes.subarray(start, start + batchSize), batchSize),
          ...(tokens && { tokens: tokenRows(tokens, data.text!.length, start) }),
        };
        yield { asked, settings };
      }
    };
    const images = new Float32Array(count * size);
    (await draw(batches(), signal)).forEach((drawn, index) => {
      const start = index * batchSize;
      images.set(drawn.subarray(0, Math.min(batchSize, count - start) * size), start * size);
    });
    return { images, labels: classes };
  };
}

/** What a batch is drawn from. */
interface Batch {
  readonly asked: { readonly noise: HostArrays; readonly labels: Int32Array; readonly tokens?: Int32Array };
  readonly settings: HostArrays;
}
