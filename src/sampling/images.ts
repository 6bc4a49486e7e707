import { ConfigError } from '../errors.js';
import type { Generative, ImageModel } from '../nn/image-model.js';
import { type ImageSampler, type ImageSamplerOptions, controlsFor, labelsFor, padded, tokensFor } from './image-options.js';
import { noiseBatch, withBatch } from './noise.js';
import { searchOf } from './search.js';
import { sequentialSampler } from './sequential.js';

export type { ImageSampler, ImageSamplerOptions, SampleOptions } from './image-options.js';

/** Whether images can be drawn from a model. */
export const canDraw = ({ generative, sequential }: ImageModel): boolean =>
  generative !== undefined || sequential !== undefined;

/** Compiles what draws images from a model: in one go, or value by value. @throws ConfigError when the model cannot */
export async function imageSampler(options: ImageSamplerOptions): Promise<ImageSampler> {
  const { generative, sequential } = options.model;
  if (generative !== undefined) return generativeSampler(options, generative);
  if (sequential !== undefined) return sequentialSampler(options, sequential);
  throw new ConfigError('This model cannot draw images');
}

const scalar = { shape: [], dtype: 'float32' } as const;

async function generativeSampler(options: ImageSamplerOptions, generative: Generative): Promise<ImageSampler> {
  const { engine, model, data, weights, batchSize = 64 } = options;
  const { parameters } = model;
  const find = await searchOf(generative, { engine, parameters, weights, batchSize });
  interface Traced {
    readonly parameters: never;
    readonly given: Parameters<Generative['sample']>[1];
  }
  const program = await engine.compile(
    ((traced: Traced) => ({ images: generative.sample(traced.parameters, traced.given) })) as never,
    {
      parameters,
      given: {
        noise: withBatch(generative.noise, batchSize),
        labels: { shape: [batchSize], dtype: 'int32' },
        ...(data.text && { tokens: { shape: [batchSize, data.text.length], dtype: 'int32' } }),
        state: withBatch(generative.search?.state ?? {}, batchSize),
        controls: Object.fromEntries(Object.keys(generative.controls ?? {}).map((name) => [name, scalar])),
      },
    },
    { name: 'sample images' },
  );
  const size = data.channels * data.height * data.width;
  const tokenRows = (tokens: Int32Array, length: number, start: number): Int32Array =>
    padded(tokens.subarray(start * length, (start + batchSize) * length), batchSize * length);
  return async ({ count, seed = 0, labels, captions, temperature = 1, controls, signal }) => {
    const classes = labelsFor(count, data.classes, labels);
    const tokens = tokensFor(count, data.text, captions);
    const settings = controlsFor(generative.controls, controls);
    const images = new Float32Array(count * size);
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const indices = Array.from({ length: Math.min(batchSize, count - start) }, (_, row) => start + row);
      const asked = {
        noise: noiseBatch(generative.noise, { batchSize, seed, indices, temperature }),
        labels: padded(classes.subarray(start, start + batchSize), batchSize),
        ...(tokens && { tokens: tokenRows(tokens, data.text!.length, start) }),
      };
      const given = { ...asked, controls: settings, state: await find(asked, signal) };
      const result = (await program.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
        images: Float32Array;
      };
      images.set(result.images.subarray(0, indices.length * size), start * size);
    }
    return { images, labels: classes };
  };
}
