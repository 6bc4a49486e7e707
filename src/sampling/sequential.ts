import { ConfigError } from '../errors.js';
import type { NamedTensors, ParameterTree, Sequential } from '../nn/image-model.js';
import type { HostTree, Program } from '../runtime/engine.js';
import { type Tensor, type TensorSpec, less, logProbOf, where } from '../tensor/index.js';
import { type ImageSamplerOptions, type SampleOptions, type Samples, labelsFor, padded } from './image-options.js';
import { sampleInGraph } from './programs.js';
import { uniformAt } from './samplers.js';

/** Values that are not drawn but given. They are fed like drawn ones, so what comes after them depends on them. */
export interface KnownValues {
  /** [count, C, H, W]; of image n of the samples, counting round where there are fewer. */
  readonly images: Float32Array;
  /** For each value of an image, in the order of drawing: 1 where it is known. */
  readonly mask: Uint8Array;
}

export interface SequentialSampleOptions extends SampleOptions {
  readonly known?: KnownValues;
}

export interface SequentialSamples extends Samples {
  /** log p of each image's values at temperature 1, in nats, as they were drawn one after the other. */
  readonly logProbs: Float32Array;
  /** [count, length] */
  readonly values: Int32Array;
}

export type SequentialSampler = (options: SequentialSampleOptions) => Promise<SequentialSamples>;

const int32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });
const float32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });

interface StepTensors {
  readonly parameters: ParameterTree;
  readonly state: NamedTensors;
  readonly index: Tensor;
  readonly labels: Tensor;
}

/**
 * Compiles what draws images value by value. What the model keeps from value to value stays on the device; each value
 * is drawn there, with a uniform number by (seed, image, position), so that an image is the same in any batch.
 */
export async function sequentialSampler(
  options: ImageSamplerOptions,
  sequential: Sequential,
): Promise<SequentialSampler> {
  const { engine, model, data, weights, batchSize = 64 } = options;
  const { length, turns = 1, row } = sequential;
  const leaves = Object.entries(sequential.state).map(([path, shape]) => ({ path, shape: [batchSize, ...shape] }));
  const common = {
    parameters: model.parameters,
    state: Object.fromEntries(leaves.map(({ path, shape }) => [path, float32(...shape)])),
    index: int32(1),
    labels: int32(batchSize),
  };
  const compile = (name: string, fn: (args: never) => unknown, specs: object): Promise<Program> =>
    engine.compile(fn as never, specs, { name });

  const programs = {
    steps: await Promise.all(
      Array.from({ length: turns }, (_, turn) =>
        compile(
          `draw value ${turn}`,
          ({ parameters, temperature, uniform, known, ...given }: StepTensors & Record<StepInput, Tensor>) => {
            const { logits, state } = sequential.next(parameters, given, turn);
            const drawn = sampleInGraph(logits, temperature, uniform).ids;
            const value = where(less(known, 0), drawn, known);
            return { value, logProb: logProbOf(logits, value), state };
          },
          {
            ...common,
            previous: int32(batchSize),
            known: int32(batchSize),
            temperature: float32(batchSize),
            uniform: float32(batchSize),
          },
        ),
      ),
    ),
    row:
      row &&
      (await compile(
        'begin a row of values',
        ({ parameters, ...given }: StepTensors & { previousRow: Tensor }) => ({ state: row.start(parameters, given) }),
        { ...common, previousRow: int32(batchSize, row.length) },
      )),
    toImages: await compile(
      'values to images',
      ({ parameters, values, labels }: { parameters: ParameterTree; values: Tensor; labels: Tensor }) => ({
        images: sequential.toImages(parameters, values, labels),
      }),
      { parameters: model.parameters, values: int32(batchSize, length), labels: int32(batchSize) },
    ),
  };
  let toValues: Promise<Program> | undefined;
  const size = data.channels * data.height * data.width;

  /** The values of some of the known images, one for each row of the batch. */
  const knownValues = async ({ images }: KnownValues, start: number): Promise<Int32Array> => {
    toValues ??= compile(
      'images to values',
      ({ parameters, images: x }: { parameters: ParameterTree; images: Tensor }) => ({
        values: sequential.toValues(parameters, x),
      }),
      {
        parameters: model.parameters,
        images: float32(batchSize, data.channels, data.height, data.width),
      },
    );
    const there = images.length / size;
    const batch = new Float32Array(batchSize * size);
    for (let at = 0; at < batchSize; at++) {
      const from = ((start + at) % there) * size;
      batch.set(images.subarray(from, from + size), at * size);
    }
    const { values } = (await (await toValues).run({ parameters: weights, images: batch })) as { values: Int32Array };
    return values;
  };

  return async ({ count, seed = 0, labels, temperature = 1, known, signal }) => {
    checkKnown(known, size, length);
    const classes = labelsFor(count, data.classes, labels);
    const result = {
      images: new Float32Array(count * size),
      labels: classes,
      logProbs: new Float32Array(count),
      values: new Int32Array(count * length),
    };
    const aborts = { ...(signal && { signal }) };
    const state = leaves.length > 0 ? await engine.createStore({ leaves }) : undefined;
    const into = state ? { into: { state } } : {};
    try {
      for (let start = 0; start < count; start += batchSize) {
        const rows = Math.min(batchSize, count - start);
        const given = known && (await knownValues(known, start));
        const fixed = {
          parameters: weights,
          state: state ?? {},
          labels: padded(classes.subarray(start, start + batchSize), batchSize),
          temperature: new Float32Array(batchSize).fill(temperature),
        };
        if (state) await state.write(zerosOf(leaves));
        const values = new Int32Array(batchSize * length);
        let previous: Int32Array = new Int32Array(batchSize);
        for (let index = 0; index < length; index++) {
          const at = { ...fixed, index: Int32Array.of(index) };
          if (row && index % row.length === 0) {
            const previousRow = columnsOf(values, length, index - row.length, row.length);
            await programs.row!.run({ ...at, previousRow }, { ...aborts, ...into });
          }
          const isKnown = given !== undefined && known!.mask[index] === 1;
          const step = (await programs.steps[index % turns]!.run(
            {
              ...at,
              previous,
              known: isKnown ? columnsOf(given, length, index, 1) : new Int32Array(batchSize).fill(-1),
              uniform: Float32Array.from({ length: batchSize }, (_, at) =>
                uniformAt({ seed, row: start + at, sample: 0 }, index),
              ),
            },
            { ...aborts, ...into },
          )) as HostTree & { value: Int32Array; logProb: Float32Array };
          previous = step.value;
          for (let at = 0; at < batchSize; at++) values[at * length + index] = previous[at]!;
          for (let at = 0; at < rows; at++) result.logProbs[start + at]! += step.logProb[at]!;
        }
        const { images } = (await programs.toImages.run({ parameters: weights, values, labels: fixed.labels })) as {
          images: Float32Array;
        };
        result.images.set(images.subarray(0, rows * size), start * size);
        result.values.set(values.subarray(0, rows * length), start * length);
      }
    } finally {
      await state?.dispose();
    }
    return result;
  };
}

type StepInput = 'previous' | 'known' | 'temperature' | 'uniform';

const zerosOf = (leaves: readonly { path: string; shape: readonly number[] }[]): Record<string, Float32Array> =>
  Object.fromEntries(
    leaves.map(({ path, shape }) => [path, new Float32Array(shape.reduce((size, axis) => size * axis, 1))]),
  );

/** Some columns of a matrix with `width` columns; zeros where they lie before the first. */
function columnsOf(values: Int32Array, width: number, start: number, count: number): Int32Array {
  const rows = values.length / width;
  const block = new Int32Array(rows * count);
  if (start < 0) return block;
  for (let row = 0; row < rows; row++) {
    block.set(values.subarray(row * width + start, row * width + start + count), row * count);
  }
  return block;
}

function checkKnown(known: KnownValues | undefined, size: number, length: number): void {
  if (known === undefined) return;
  const { images, mask } = known;
  if (images.length === 0 || images.length % size !== 0)
    throw new ConfigError(`known.images: ${images.length} numbers are no whole number of images of ${size}`);
  if (mask.length !== length)
    throw new ConfigError(`known.mask: there are ${mask.length} entries, and an image has ${length} values`);
}
