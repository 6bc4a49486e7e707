import {
  type Tensor,
  cast,
  concat,
  crossEntropy,
  neg,
  ones,
  reshape,
  stack,
  sliceAxis,
  trace,
  transpose,
  zeros,
} from '../../tensor/index.js';
import { centred, perRow } from '../distributions.js';
import type { ParameterTree, Sequential, SequentialTensors, Shapes } from '../image-model.js';
import type { TensorsOf } from '../parameters.js';
import { Memory, type Pass, rowPass, valuePass, wholePass } from './pass.js';

/** What is drawn value by value: rows of pixels, of each pixel its channels in turn. Codes have one channel. */
export interface Grid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** A value is a whole number below this. */
  readonly levels: number;
}

/** From what a network made of all pixels before a pixel to the distribution of its channels. */
export interface Head<Specs> {
  readonly parameters: Specs;
  /**
   * Logits of one channel.
   *
   * @param features [N, features]
   * @param earlier the values of the pixel's channels before it, float32 [N, channel]
   * @returns [N, levels]; log-probabilities are as good
   */
  readonly logits: (p: TensorsOf<Specs>, features: Tensor, earlier: Tensor, channel: number) => Tensor;
  /** log p of whole pixels [N, channels] in nats, [N], where there is a shorter way than through the logits. */
  readonly logProb?: (p: TensorsOf<Specs>, features: Tensor, pixels: Tensor) => Tensor;
}

/** What a value may depend on besides those before it. */
export interface RasterContext {
  /** [B, size] */
  readonly condition?: Tensor;
  /** Of training alone: drops units. */
  readonly drop?: (x: Tensor) => Tensor;
}

/** A causal network, written once for whole images and for single values. */
export interface RasterNetwork<Specs> {
  readonly parameters: Specs;
  /** Numbers of the condition; 0: there is none. */
  readonly conditionSize: number;
  /** Values [B, channels, rows, columns], float32 → what the network takes. Default: `scaledWithOnes`. */
  readonly encode?: (p: TensorsOf<Specs>, values: Tensor) => Tensor;
  /** Features [B, F, rows, columns], those of a pixel from the pixels before it alone. */
  readonly features: (p: TensorsOf<Specs>, x: Tensor, pass: Pass, context: RasterContext) => Tensor;
}

/** A network over a raster as an exact distribution, and as a way to draw from it. */
export interface Raster<Specs> {
  readonly parameters: Specs;
  /** log p of values [B, channels, height, width] (float32, whole numbers) in nats: [B]. */
  readonly logProb: (p: TensorsOf<Specs>, values: Tensor, context?: RasterContext) => Tensor;
  /** Logits of every value given those before it, in the order of drawing: [B, length, levels]. Large; for tests. */
  readonly logits: (p: TensorsOf<Specs>, values: Tensor, context?: RasterContext) => Tensor;
  /** Drawing, for a model whose parameters hold this raster's at a place, and whose labels may be a condition. */
  readonly sequential: (place: RasterPlace<Specs>) => RasterSequential;
}

export interface RasterPlace<Specs> {
  readonly at: (parameters: ParameterTree) => TensorsOf<Specs>;
  /** Labels int32 [B] → [B, size] */
  readonly condition?: (parameters: ParameterTree, labels: Tensor) => Tensor;
}

/** The capability without the way from images and back. */
export type RasterSequential = Omit<Sequential, 'toValues' | 'toImages'>;

/** Values to [−1, 1], and a plane of ones by which a network knows the image from what lies around it. */
const scaledWithOnes = (values: Tensor, levels: number): Tensor => {
  const [batch, , rows, columns] = values.shape as [number, number, number, number];
  return concat([centred(values, levels), ones([batch, 1, rows, columns])], 1);
};

/** [B, C, rows, columns] → [B · rows · columns, C] */
const perPixel = (x: Tensor): Tensor => reshape(transpose(x, [0, 2, 3, 1]), [-1, x.shape[1]!]);

/** Images [B, channels, height, width] → int32 [B, length], in the order of drawing. */
export const valuesOfImages = (images: Tensor): Tensor =>
  cast(reshape(transpose(images, [0, 2, 3, 1]), [images.shape[0]!, -1]), 'int32');

/** int32 [B, rows · width · channels] → float32 [B, channels, rows, width] */
export const imagesOfValues = (values: Tensor, { channels, width }: Pick<Grid, 'channels' | 'width'>): Tensor =>
  transpose(reshape(cast(values, 'float32'), [values.shape[0]!, -1, width, channels]), [0, 3, 1, 2]);

const firstColumns = (x: Tensor, count: number): Tensor => sliceAxis(x, { axis: 1, limit: count });

type NextTensors = Parameters<Sequential['next']>[1];
type RowTensors = SequentialTensors & { readonly previousRow: Tensor };

/** Joins a causal network and a head over a grid of values. */
export function raster<Specs extends object, HeadSpecs extends object>(
  network: RasterNetwork<Specs>,
  head: Head<HeadSpecs>,
  grid: Grid,
): Raster<{ readonly network: Specs; readonly head: HeadSpecs }> {
  interface Tensors {
    readonly network: TensorsOf<Specs>;
    readonly head: TensorsOf<HeadSpecs>;
  }
  const { channels, height, width, levels } = grid;
  const parameters = { network: network.parameters, head: head.parameters };
  const features = (p: Tensors, values: Tensor, pass: Pass, context: RasterContext): Tensor => {
    const x = network.encode ? network.encode(p.network, values) : scaledWithOnes(values, levels);
    return network.features(p.network, x, pass, context);
  };

  const logitsOf = (p: Tensors, values: Tensor, context: RasterContext): Tensor => {
    const ofPixels = perPixel(features(p, values, wholePass, context));
    const pixels = perPixel(values);
    const turns = Array.from({ length: channels }, (_, channel) =>
      head.logits(p.head, ofPixels, firstColumns(pixels, channel), channel),
    );
    return reshape(stack(turns, 1), [values.shape[0]!, channels * height * width, levels]);
  };

  const logProb = (p: Tensors, values: Tensor, context: RasterContext): Tensor => {
    if (head.logProb === undefined)
      return perRow(neg(crossEntropy(logitsOf(p, values, context), valuesOfImages(values))));
    const ofPixels = perPixel(features(p, values, wholePass, context));
    return perRow(reshape(head.logProb(p.head, ofPixels, perPixel(values)), [values.shape[0]!, -1]));
  };

  /** What comes of a pixel's first channel runs the network; the others only the head. */
  const next = (p: Tensors, given: NextTensors, turn: number, context: RasterContext) => {
    const memory = new Memory(given.state);
    const batch = given.previous.shape[0]!;
    const previous = reshape(cast(given.previous, 'float32'), [batch, 1]);
    const recalled = (count: number): Tensor[] =>
      Array.from({ length: count }, (_, channel) => memory.recall(`channel ${channel}`, [batch, 1]));
    const before = turn === 0 ? channels : turn;
    const known = concat([...recalled(before - 1), previous], 1);
    if (turn > 0) {
      memory.keep(`channel ${turn - 1}`, previous);
      return { logits: head.logits(p.head, given.state['features']!, known, turn), memory };
    }
    const pass = valuePass(memory, given.index, grid);
    const made = reshape(features(p, reshape(known, [batch, channels, 1, 1]), pass, context), [batch, -1]);
    if (channels > 1) memory.keep('features', made);
    return { logits: head.logits(p.head, made, firstColumns(known, 0), 0), memory };
  };

  const start = (p: Tensors, { state, index, previousRow }: RowTensors, context: RasterContext): Memory => {
    const memory = new Memory(state);
    features(p, imagesOfValues(previousRow, grid), rowPass(memory, index), context);
    return memory;
  };

  /** Runs both on zeros, and sees what they keep. */
  const stateOf = (): Shapes => {
    let shapes: Shapes = {};
    const index = zeros([1], 'int32');
    const nothing = { state: {}, index, labels: index };
    const context = network.conditionSize > 0 ? { condition: zeros([1, network.conditionSize]) } : {};
    trace((traced) => {
      const p = traced as unknown as Tensors;
      const row = start(p, { ...nothing, previousRow: zeros([1, channels * width], 'int32') }, context);
      const { memory, logits } = next(p, { ...nothing, previous: index }, 0, context);
      shapes = { ...row.shapes, ...memory.shapes };
      return logits;
    }, parameters);
    return shapes;
  };

  return {
    parameters,
    logProb: (p, values, context = {}) => logProb(p, values, context),
    logits: (p, values, context = {}) => logitsOf(p, values, context),
    sequential: ({ at, condition }) => {
      const contextOf = (tree: ParameterTree, labels: Tensor): RasterContext =>
        condition ? { condition: condition(tree, labels) } : {};
      const tensorsAt = (tree: ParameterTree): Tensors => at(tree);
      return {
        length: channels * height * width,
        levels,
        turns: channels,
        state: stateOf(),
        next: (tree, given, turn) => {
          const { logits, memory } = next(tensorsAt(tree), given, turn, contextOf(tree, given.labels));
          return { logits, state: memory.kept };
        },
        row: {
          length: channels * width,
          start: (tree, given) => start(tensorsAt(tree), given, contextOf(tree, given.labels)).kept,
        },
      };
    },
  };
}
