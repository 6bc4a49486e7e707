import { ConfigError } from '../errors.js';
import type { Generative, ImageModel } from '../nn/image-model.js';
import type { HostTree } from '../runtime/engine.js';
import { counterRandom, fillNormal } from '../tensor/random.js';
import type { Tensor, TensorSpec } from '../tensor/index.js';
import { type ImageSampler, type ImageSamplerOptions, labelsFor, padded } from './image-options.js';
import { sequentialSampler } from './sequential.js';

export type { ImageSampler, ImageSamplerOptions, SampleOptions, Samples } from './image-options.js';

/** Numbers of one image's noise: image n of a seed is the same in any batch and any number of images. */
export function noiseOf(seed: number, name: string, index: number, size: number): Float32Array {
  return fillNormal(counterRandom(seed, `sample ${name}`, index), new Float32Array(size));
}

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

async function generativeSampler(options: ImageSamplerOptions, generative: Generative): Promise<ImageSampler> {
  const { engine, model, data, weights, batchSize = 64 } = options;
  const noise = Object.fromEntries(
    Object.entries(generative.noise).map(([name, shape]): [string, TensorSpec] => [
      name,
      { shape: [batchSize, ...shape], dtype: 'float32' },
    ]),
  );
  const specs = { parameters: model.parameters, given: { noise, labels: { shape: [batchSize], dtype: 'int32' } } };
  const program = await engine.compile(
    (({ parameters, given }: { parameters: never; given: { noise: Record<string, Tensor>; labels: Tensor } }) => ({
      images: generative.sample(parameters, given),
    })) as never,
    specs,
    { name: 'sample images' },
  );
  const size = data.channels * data.height * data.width;
  return async ({ count, seed = 0, labels, temperature = 1, signal }) => {
    const classes = labelsFor(count, data.classes, labels);
    const images = new Float32Array(count * size);
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const drawn: Record<string, HostTree> = {};
      for (const [name, { shape }] of Object.entries(noise)) {
        const each = shape.slice(1).reduce((product, length) => product * length, 1);
        const values = new Float32Array(batchSize * each);
        for (let row = 0; row < Math.min(batchSize, count - start); row++) {
          values.set(
            noiseOf(seed, name, start + row, each).map((value) => value * temperature),
            row * each,
          );
        }
        drawn[name] = values;
      }
      const given = { noise: drawn, labels: padded(classes.subarray(start, start + batchSize), batchSize) };
      const result = (await program.run({ parameters: weights, given }, { ...(signal && { signal }) })) as {
        images: Float32Array;
      };
      images.set(result.images.subarray(0, Math.min(batchSize, count - start) * size), start * size);
    }
    return { images, labels: classes };
  };
}
