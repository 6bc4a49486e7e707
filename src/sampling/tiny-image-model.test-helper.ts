import { imageBatchSpec } from '../data/images/batches.js';
import type { Density, ImageData, ImageModel, ImageModelDefinition, ImageTensors } from '../nn/image-model.js';
import { initialise, leavesOf } from '../nn/parameters.js';
import type { Engine, HostTree, Store } from '../runtime/engine.js';
import type { Tensor, TensorSpec } from '../tensor/index.js';
import { counterRandom, fillNormal } from '../tensor/random.js';

/** A model small enough for its laws to be tried on every image. */
export interface TinyImageModel {
  readonly model: ImageModel;
  readonly data: ImageData;
  readonly weights: Store;
  /** What the weights were at first. */
  readonly values: Record<string, Float32Array>;
  /** Runs a function of the parameters and further inputs. */
  readonly run: (
    fn: (parameters: never, inputs: Record<string, Tensor>) => Record<string, Tensor>,
    inputs: Record<string, { spec: TensorSpec; data: HostTree }>,
  ) => Promise<Record<string, Float32Array>>;
  /** The same of images [B, C, H, W], with labels 0 unless given. */
  readonly runOn: (
    fn: (parameters: never, batch: ImageTensors) => Record<string, Tensor>,
    images: Float32Array,
    options?: { labels?: Int32Array; key?: number },
  ) => Promise<Record<string, Float32Array>>;
}

export interface TinyImageModelOptions {
  readonly definition: ImageModelDefinition;
  /** Its settings, where the defaults are too large. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly data: ImageData;
  /** Of weights that are all drawn from one Gaussian, far from where training starts. Default 0.3. */
  readonly deviation?: number;
  /** Instead, the weights that training starts with, times this: above 1 what the model says depends more on what it sees. */
  readonly gain?: number;
}

export async function tinyImageModel(engine: Engine, options: TinyImageModelOptions): Promise<TinyImageModel> {
  const { definition, config = {}, data, deviation, gain } = options;
  const model = definition.build(definition.schema.parse(config), data);
  const { parameters } = model;
  const values = gain === undefined ? drawnWeights(parameters, deviation) : initialWeights(parameters, gain);
  const weights = await engine.createStore({ leaves: leavesOf(parameters), trainable: true });
  await weights.write(values);
  const run: TinyImageModel['run'] = async (fn, inputs) => {
    const each = <Result>(of: (input: (typeof inputs)[string]) => Result): Record<string, Result> =>
      Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, of(input)]));
    const program = await engine.compile(
      ((traced: { parameters: never; inputs: Record<string, Tensor> }) =>
        fn(traced.parameters, traced.inputs)) as never,
      { parameters, inputs: each(({ spec }) => spec) },
      { name: 'test' },
    );
    const given = { parameters: weights, inputs: each((input) => input.data) };
    return (await program.run(given)) as Record<string, Float32Array>;
  };
  return {
    ...{ model, data, weights, values, run },
    runOn: (fn, images, { labels, key = 0 } = {}) => {
      const count = images.length / (data.channels * data.height * data.width);
      const specs = imageBatchSpec(data, count);
      return run((traced, inputs) => fn(traced, inputs as unknown as ImageTensors), {
        images: { spec: specs.images, data: images },
        labels: { spec: specs.labels, data: labels ?? new Int32Array(count) },
        key: { spec: specs.key, data: Int32Array.of(7, key) },
      });
    },
  };
}

const initialWeights = (parameters: object, gain: number): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(initialise(parameters, 1)).map(([path, values]) => [path, values.map((value) => value * gain)]),
  );

/** All from one Gaussian: no layer is without effect. */
const drawnWeights = (parameters: object, deviation = 0.3): Record<string, Float32Array> =>
  Object.fromEntries(
    leavesOf(parameters).map(({ path, shape }) => {
      const values = new Float32Array(shape.reduce((size, length) => size * length, 1));
      return [path, fillNormal(counterRandom(7, path, 0), values).map((value) => value * deviation)];
    }),
  );

/** A store of such parameters. */
export async function randomWeights(engine: Engine, parameters: object, deviation?: number): Promise<Store> {
  const store = await engine.createStore({ leaves: leavesOf(parameters) });
  await store.write(drawnWeights(parameters, deviation));
  return store;
}

/** log p of images [B, C, H, W] by one of a model's densities, as a function of them, of their class and of the key. */
export async function logProbOf(
  engine: Engine,
  { model, weights, data }: Pick<TinyImageModel, 'model' | 'weights' | 'data'>,
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
