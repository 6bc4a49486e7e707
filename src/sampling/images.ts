import { ConfigError } from '../errors.js';
import type { Generative, ImageModel } from '../nn/image-model.js';
import { sideBySide } from '../runtime/side-by-side.js';
import { type ImageSampler, type ImageSamplerOptions, controlsFor, labelsFor, padded } from './image-options.js';
import { noiseBatch, noiseBySeed } from './noise.js';
import { type HostArrays, drawSpecs, searchOf } from './search.js';
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
  const { model, data, batchSize = 64 } = options;
  const { parameters } = model;
  const specs = drawSpecs(generative, batchSize);
  const controlSpecs = Object.fromEntries(Object.keys(generative.controls ?? {}).map((name) => [name, scalar]));
  interface Traced {
    readonly parameters: never;
    readonly given: Parameters<Generative['sample']>[1];
  }
  const draw = await sideBySide(options, async ({ engine, weights, threads }) => {
    const find = await searchOf(generative, { engine, parameters, weights, batchSize, threads });
    const program = await engine.compile(
      ((traced: Traced) => ({ images: generative.sample(traced.parameters, traced.given) })) as never,
      { parameters, given: { ...specs, controls: controlSpecs } },
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
  return async ({ count, seed = 0, labels, temperature = 1, noise: source = noiseBySeed(seed), controls, signal }) => {
    const classes = labelsFor(count, data.classes, labels);
    const settings = controlsFor(generative.controls, controls);
    const batches = function* (): Generator<Batch> {
      for (let start = 0; start < count; start += batchSize) {
        const indices = Array.from({ length: Math.min(batchSize, count - start) }, (_, row) => start + row);
        const asked = {
          noise: noiseBatch(generative.noise, { batchSize, source, indices, temperature }),
          labels: padded(classes.subarray(start, start + batchSize), batchSize),
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
  readonly asked: { readonly noise: HostArrays; readonly labels: Int32Array };
  readonly settings: HostArrays;
}
