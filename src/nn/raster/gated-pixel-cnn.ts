import {
  type Tensor,
  add,
  concat,
  mul,
  ones,
  reshape,
  sigmoid,
  split,
  tanh,
  transpose,
  cast,
} from '../../tensor/index.js';
import { convolutionSpec, convolve, embedding, embeddingSpec } from '../layers.js';
import { normal } from '../parameters.js';
import { addCondition, conditionSpec } from './condition.js';
import { convolveRow, convolveRows, dilationOf } from './convolutions.js';
import { categoricalHead } from './heads.js';
import { type Grid, type RasterNetwork, raster } from './raster.js';

/**
 * The gated PixelCNN (van den Oord et al. 2016b, Conditional Image Generation with PixelCNN Decoders): a stack of
 * features of the rows above, which has no blind spot, and one of this row, which takes from the first.
 */

export interface GatedPixelCnnOptions {
  /** Channels of each stack. */
  readonly width: number;
  readonly layers: number;
  /** Side of the first kernel, odd; the others have 3. */
  readonly kernel: number;
  /** Units of the layer before the logits. */
  readonly hidden: number;
  /** Numbers of a condition that every layer sees, e.g. one for each class. Default 0: none. */
  readonly conditionSize?: number;
  /** Numbers that stand for a value where it is a code and not a brightness. Default 0: the value itself. */
  readonly embedding?: number;
}

/** tanh of the first half of the channels, times sigmoid of the second. */
const gated = (x: Tensor): Tensor => {
  const [value, gate] = split(x, 2, 1) as [Tensor, Tensor];
  return mul(tanh(value), sigmoid(gate));
};

function network(options: GatedPixelCnnOptions, { channels, levels }: Grid) {
  const { width, layers, kernel, conditionSize = 0, embedding: embedded = 0 } = options;
  const inputs = channels * Math.max(1, embedded) + 1;
  const layer = () => ({
    rows: convolutionSpec(width, 2 * width, { kernel: [2, 3] }),
    row: convolutionSpec(width, 2 * width, { kernel: [1, 2] }),
    across: convolutionSpec(2 * width, 2 * width, { kernel: 1, bias: false }),
    out: convolutionSpec(width, width, { kernel: 1 }),
    conditions: { rows: conditionSpec(conditionSize, 2 * width), row: conditionSpec(conditionSize, 2 * width) },
  });
  const parameters = {
    ...(embedded > 0 && { codes: embeddingSpec(levels, embedded, normal(1)) }),
    rows: convolutionSpec(inputs, width, { kernel: [(kernel - 1) / 2, kernel] }),
    row: convolutionSpec(inputs, width, { kernel: [1, (kernel - 1) / 2] }),
    layers: Array.from({ length: layers }, layer),
  };
  const result: RasterNetwork<typeof parameters> = {
    parameters,
    conditionSize,
    features: (p, x, pass, { condition }) => {
      let above = convolveRows(p.rows, pass.down(x), pass, 'first rows');
      let here = add(convolveRow(p.row, pass.right(x), pass, 'first row'), pass.hand('first', above));
      p.layers.forEach((own, index) => {
        const dilation = dilationOf(index);
        const rows = convolveRows(own.rows, above, pass, `layer ${index} rows`, dilation);
        const across = pass.hand(`layer ${index}`, convolve(own.across, rows));
        const row = add(convolveRow(own.row, here, pass, `layer ${index} row`, dilation), across);
        above = gated(addCondition(own.conditions.rows, rows, condition));
        here = add(here, convolve(own.out, gated(addCondition(own.conditions.row, row, condition))));
      });
      return here;
    },
  };
  if (embedded === 0) return result;
  return {
    ...result,
    encode: (p: Parameters<typeof result.features>[0], values: Tensor): Tensor => {
      const [batch, , rows, columns] = values.shape as [number, number, number, number];
      const vectors = embedding(p.codes!, cast(transpose(values, [0, 2, 3, 1]), 'int32'));
      const spread = reshape(vectors, [batch, rows, columns, channels * embedded]);
      return concat([transpose(spread, [0, 3, 1, 2]), ones([batch, 1, rows, columns])], 1);
    },
  };
}

/** The gated PixelCNN over pixels, or over the codes of another model's images as a prior. */
export const gatedPixelCnn = (options: GatedPixelCnnOptions, grid: Grid) =>
  raster(network(options, grid), categoricalHead(options.width, options.hidden, grid), grid);
