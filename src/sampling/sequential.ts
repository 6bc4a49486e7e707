import { ConfigError } from '../errors.js';
import type { Sequential } from '../nn/image-model.js';
import type { LeafSpec } from '../runtime/engine.js';
import {
  type ImageSamplerOptions,
  type SampleOptions,
  type Samples,
  controlsFor,
  labelsFor,
  rejectDenoising,
} from './image-options.js';
import { padded } from './padded.js';
import { uniformAt } from './samplers.js';
import { sequentialPrograms } from './sequential-programs.js';

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

/**
 * Compiles what draws images value by value. What the model keeps from value to value stays on the device; each value
 * is drawn there, with a uniform number by (seed, image, position), so that an image is the same in any batch.
 */
export async function sequentialSampler(
  options: ImageSamplerOptions,
  sequential: Sequential,
): Promise<SequentialSampler> {
  const { engine, data, weights: parameters, batchSize = 64 } = options;
  const { length } = sequential;
  const programs = await sequentialPrograms({ ...options, batchSize }, sequential);
  const size = data.channels * data.height * data.width;

  /** The values of the known images of a batch, or −1 for all. */
  const valuesOf = async (known: KnownValues | undefined, start: number): Promise<Int32Array> => {
    if (known === undefined) return new Int32Array(batchSize * length).fill(-1);
    const { images, mask } = known;
    const batch = new Float32Array(batchSize * size);
    for (let row = 0; row < batchSize; row++) {
      const from = ((start + row) * size) % images.length;
      batch.set(images.subarray(from, from + size), row * size);
    }
    const program = await programs.toValues();
    const { values } = (await program.run({ parameters, images: batch })) as { values: Int32Array };
    return values.map((value, at) => (mask[at % length] === 1 ? value : -1));
  };

  return async (asked) => {
    rejectDenoising(asked);
    const { count, seed = 0, labels, temperature = 1, controls, known, signal } = asked;
    checkKnown(known, size, length);
    controlsFor({}, controls);
    const classes = labelsFor(count, data.classes, labels);
    const result = {
      images: new Float32Array(count * size),
      labels: classes,
      logProbs: new Float32Array(count),
      values: new Int32Array(count * length),
    };
    const state = await engine.createStore({ leaves: programs.leaves });
    const inPlace = { into: { state }, ...(signal && { signal }) };
    try {
      for (let start = 0; start < count; start += batchSize) {
        const rows = Math.min(batchSize, count - start);
        const given = await valuesOf(known, start);
        const fixed = {
          parameters,
          state,
          labels: padded(classes.subarray(start, start + batchSize), batchSize),
        };
        await state.write(zerosOf(programs.leaves));
        const values = new Int32Array(batchSize * length);
        for (let position = 0; position < length; position++) {
          const at = { ...fixed, index: Int32Array.of(position) };
          const { row, steps } = programs;
          if (row && position % row.length === 0) {
            const previousRow = columnsOf(values, length, position - row.length, row.length);
            await row.program.run({ ...at, previousRow }, inPlace);
          }
          const step = await steps[position % steps.length]!.run(
            {
              ...at,
              previous: columnsOf(values, length, position - 1, 1),
              known: columnsOf(given, length, position, 1),
              temperature: new Float32Array(batchSize).fill(temperature),
              uniform: Float32Array.from({ length: batchSize }, (_, row) =>
                uniformAt({ seed, row: start + row, sample: 0 }, position),
              ),
            },
            inPlace,
          );
          const { value, logProb } = step as { value: Int32Array; logProb: Float32Array };
          for (let row = 0; row < batchSize; row++) values[row * length + position] = value[row]!;
          for (let row = 0; row < rows; row++) result.logProbs[start + row]! += logProb[row]!;
        }
        const { images } = (await programs.toImages.run({ parameters, values, labels: fixed.labels })) as {
          images: Float32Array;
        };
        result.images.set(images.subarray(0, rows * size), start * size);
        result.values.set(values.subarray(0, rows * length), start * length);
      }
    } finally {
      await state.dispose();
    }
    return result;
  };
}

const zerosOf = (leaves: readonly LeafSpec[]): Record<string, Float32Array> =>
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
