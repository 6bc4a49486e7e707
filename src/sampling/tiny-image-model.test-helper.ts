import { imageBatchSpec } from '../data/images/batches.js';
import type { Density, ImageData, ImageModel, ImageModelDefinition, ImageTensors } from '../nn/image-model.js';
import { leavesOf } from '../nn/parameters.js';
import type { Engine, Store } from '../runtime/engine.js';
import { counterRandom, fillNormal } from '../tensor/random.js';

/** A model small enough for its laws to be tried on every image, with weights far from where training starts. */
export interface TinyImageModel {
  readonly model: ImageModel;
  readonly data: ImageData;
  readonly weights: Store;
}

export interface TinyImageModelOptions {
  readonly definition: ImageModelDefinition;
  /** Its settings, where the defaults are too large. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly data: ImageData;
  /** Deviation of the weights. Default 0.3. */
  readonly deviation?: number;
}

export async function tinyImageModel(engine: Engine, options: TinyImageModelOptions): Promise<TinyImageModel> {
  const { definition, config = {}, data, deviation = 0.3 } = options;
  const model = definition.build(definition.schema.parse(config), data);
  const weights = await randomWeights(engine, model.parameters, deviation);
  return { model, data, weights };
}

/** A store of parameters that are all drawn from one Gaussian: no layer is without effect. */
export async function randomWeights(engine: Engine, parameters: object, deviation = 0.3): Promise<Store> {
  const leaves = leavesOf(parameters);
  const store = await engine.createStore({ leaves });
  await store.write(
    Object.fromEntries(
      leaves.map(({ path, shape }) => {
        const values = new Float32Array(shape.reduce((size, length) => size * length, 1));
        fillNormal(counterRandom(7, path, 0), values).forEach((value, index) => (values[index] = value * deviation));
        return [path, values];
      }),
    ),
  );
  return store;
}

/** log p of images [B, C, H, W] by one of a model's densities, as a function of them, of their class and of the key. */
export async function logProbOf(
  engine: Engine,
  { model, weights, data }: TinyImageModel,
  density: Density,
  batch: number,
): Promise<(images: Float32Array, options?: { label?: number; key?: number }) => Promise<Float32Array>> {
  const program = await engine.compile(
    (({ parameters, batch: given }: { parameters: never; batch: ImageTensors }) => ({
      logProb: density.logProb(parameters, given),
    })) as never,
    { parameters: model.parameters, batch: imageBatchSpec(data, batch, data.text) },
  );
  return async (images, { label = 0, key = 0 } = {}) => {
    const given = {
      ...{ images, labels: new Int32Array(batch).fill(label), key: Int32Array.of(5, key) },
      ...(data.text && { tokens: new Int32Array(batch * data.text.length).fill(1) }),
    };
    const { logProb } = (await program.run({ parameters: weights, batch: given })) as { logProb: Float32Array };
    return logProb;
  };
}

/** Every image there is, one after the other. */
export function allImages({ channels, height, width, levels }: ImageData): Float32Array {
  const size = channels * height * width;
  const count = levels ** size;
  const images = new Float32Array(count * size);
  for (let image = 0; image < count; image++) {
    for (let at = 0, rest = image; at < size; at++, rest = Math.floor(rest / levels))
      images[image * size + at] = rest % levels;
  }
  return images;
}

/** Some images, pixel by pixel by chance. */
export function someImages({ channels, height, width, levels }: ImageData, count: number): Float32Array {
  const random = counterRandom(3, 'some images', 0);
  return Float32Array.from({ length: count * channels * height * width }, () => Math.floor(random() * levels));
}
