import type { NamedTensors, ParameterTree, Sequential } from '../nn/image-model.js';
import type { LeafSpec, Program } from '../runtime/engine.js';
import { type Tensor, float32, int32, less, logProbOf, where } from '../tensor/index.js';
import type { ImageSamplerOptions } from './image-options.js';
import { sampleInGraph } from './programs.js';

/** The programs of drawing value by value, for batches of one size. All take {parameters} too. */
export interface SequentialPrograms {
  /** What the model keeps, for a store. */
  readonly leaves: readonly LeafSpec[];
  /**
   * One for each turn: {state, index [1], labels, previous, known, temperature, uniform, all [B]} → {value, logProb,
   * state}. The value is `known` where that is not negative.
   */
  readonly steps: readonly Program[];
  /** {state, index [1], labels, previousRow [B, row]} → {state}, where the model computes something for a whole row. */
  readonly row: { readonly length: number; readonly program: Program } | undefined;
  /** {values [B, length], labels} → {images} */
  readonly toImages: Program;
  /** {images} → {values}; compiled when it is first wanted. */
  readonly toValues: () => Promise<Program>;
}

interface StepTensors {
  readonly parameters: ParameterTree;
  readonly state: NamedTensors;
  readonly index: Tensor;
  readonly labels: Tensor;
}

interface DrawTensors extends StepTensors {
  readonly previous: Tensor;
  readonly known: Tensor;
  readonly temperature: Tensor;
  readonly uniform: Tensor;
}

/** Compiles what draws images value by value. */
export async function sequentialPrograms(
  { engine, model, data, batchSize }: ImageSamplerOptions & { readonly batchSize: number },
  sequential: Sequential,
): Promise<SequentialPrograms> {
  const { length, turns = 1, row } = sequential;
  const { parameters } = model;
  const each = int32(batchSize);
  const leaves = Object.entries(sequential.state).map(([path, shape]) => ({ path, shape: [batchSize, ...shape] }));
  const state = Object.fromEntries(leaves.map(({ path, shape }) => [path, float32(...shape)]));
  const common = { parameters, state, index: int32(1), labels: each };
  // A model's parameters have a type that only the model knows.
  const compile = (name: string, fn: (args: never) => unknown, specs: object): Promise<Program> =>
    engine.compile(fn as never, specs, { name });

  const step = (turn: number) => (args: DrawTensors) => {
    const { parameters: values, temperature, uniform, known, ...given } = args;
    const { logits, state: kept } = sequential.next(values, given, turn);
    const drawn = sampleInGraph(logits, temperature, uniform).ids;
    const value = where(less(known, 0), drawn, known);
    return { value, logProb: logProbOf(logits, value), state: kept };
  };
  const ofEach = { previous: each, known: each, temperature: float32(batchSize), uniform: float32(batchSize) };
  const steps = Array.from({ length: turns }, (_, turn) =>
    compile(`draw value ${turn}`, step(turn), { ...common, ...ofEach }),
  );

  const begin = row && {
    length: row.length,
    program: await compile(
      'begin a row of values',
      ({ parameters: values, ...given }: StepTensors & { previousRow: Tensor }) => ({
        state: row.start(values, given),
      }),
      { ...common, previousRow: int32(batchSize, row.length) },
    ),
  };

  const toImages = compile(
    'values to images',
    (args: { parameters: ParameterTree; values: Tensor; labels: Tensor }) => ({
      images: sequential.toImages(args.parameters, args.values, args.labels),
    }),
    { parameters, values: int32(batchSize, length), labels: each },
  );
  let toValues: Promise<Program> | undefined;
  return {
    leaves,
    steps: await Promise.all(steps),
    row: begin,
    toImages: await toImages,
    toValues: () =>
      (toValues ??= compile(
        'images to values',
        (args: { parameters: ParameterTree; images: Tensor }) => ({
          values: sequential.toValues(args.parameters, args.images),
        }),
        { parameters, images: float32(batchSize, data.channels, data.height, data.width) },
      )),
  };
}
