import { initialise, leavesOf } from '../nn/parameters.js';
import type { ImageData, ImageModel, ImageModelDefinition, ImageTensors } from '../nn/image-model.js';
import type { Engine, HostTree, Store } from '../runtime/engine.js';
import type { Tensor, TensorSpec } from '../tensor/index.js';
import { counterRandom } from '../tensor/random.js';
import { imageBatchSpec } from '../data/images/batches.js';

/** A small model with fresh weights on an engine. */
export interface TinyModel {
  readonly model: ImageModel;
  readonly store: Store;
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

export async function tinyModel(
  engine: Engine,
  definition: ImageModelDefinition,
  config: Record<string, unknown>,
  data: Partial<ImageData>,
  /** Scales the initial weights, so that what the model says depends visibly on what it sees. */
  gain = 1,
): Promise<TinyModel> {
  const full: ImageData = { channels: 1, height: 4, width: 4, levels: 2, classes: 0, ...data };
  const model = definition.build(definition.schema.parse(config), full);
  const leaves = leavesOf(model.parameters);
  const store = await engine.createStore({ leaves, trainable: true });
  const values = Object.fromEntries(
    Object.entries(initialise(model.parameters, 1)).map(([path, array]) => [path, array.map((x) => x * gain)]),
  );
  await store.write(values);
  const run: TinyModel['run'] = async (fn, inputs) => {
    const specs = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
    const given = Object.fromEntries(Object.entries(inputs).map(([name, { data: values }]) => [name, values]));
    const program = await engine.compile(
      (({ parameters, inputs: tensors }: { parameters: never; inputs: Record<string, Tensor> }) =>
        fn(parameters, tensors)) as never,
      { parameters: model.parameters, inputs: specs },
      { name: 'test' },
    );
    return (await program.run({ parameters: store, inputs: given })) as Record<string, Float32Array>;
  };
  return {
    model,
    store,
    values,
    run,
    runOn: (fn, images, { labels, key = 0 } = {}) => {
      const count = images.length / (full.channels * full.height * full.width);
      const specs = imageBatchSpec(full, count);
      return run((parameters, inputs) => fn(parameters, inputs as unknown as ImageTensors), {
        images: { spec: specs.images, data: images },
        labels: { spec: specs.labels, data: labels ?? new Int32Array(count) },
        key: { spec: specs.key, data: Int32Array.of(7, key) },
      });
    },
  };
}

/** Whole numbers below `levels`, by a seed. */
export function randomPixels(size: number, levels: number, seed = 1): Float32Array {
  const random = counterRandom(seed, 'test pixels', 0);
  return Float32Array.from({ length: size }, () => Math.floor(random() * levels));
}
