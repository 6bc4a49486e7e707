import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { convolutionSpec, convolve } from '../../nn/layers.js';
import { addCondition, conditionSpec } from '../../nn/raster/condition.js';
import { convolveMasked, convolveRow, maskedSpec } from '../../nn/raster/convolutions.js';
import { categoricalHead } from '../../nn/raster/heads.js';
import { oddSide, rasterImageModel } from '../../nn/raster/image-model.js';
import type { RowStep } from '../../nn/raster/pass.js';
import { type Grid, type RasterNetwork, raster } from '../../nn/raster/raster.js';
import { type Tensor, add, concat, mul, sigmoid, split, tanh } from '../../tensor/index.js';

/**
 * PixelRNN with Row LSTMs (van den Oord et al. 2016a, section 3.1): a memory for every column goes down the rows, and
 * reads the three columns around its own of the row above. A program has one copy of the layer for each row.
 */

const pixelRnnSchema = z.strictObject({
  width: z.int().positive().default(16).describe('units of a memory; twice as many channels between layers'),
  layers: z.int().positive().default(4).describe('Row LSTMs, one upon the other'),
  kernel: oddSide.default(7).describe('side of the first kernel, odd; the others have 3'),
  hidden: z.int().positive().default(64).describe('units of the layer before the logits'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
});

type PixelRnnConfig = z.output<typeof pixelRnnSchema>;

/** One row of a Row LSTM, equation 3 of the paper. What is carried: what the next row's gates take, and the cells. */
const rowLstm =
  (width: number, toGates: (hidden: Tensor) => Tensor): RowStep =>
  (fromRow, carried) => {
    const [fromAbove, before] = split(carried, [4 * width, width], 1) as [Tensor, Tensor];
    const [output, forget, input, content] = split(add(fromRow, fromAbove), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const cells = add(mul(sigmoid(forget), before), mul(sigmoid(input), tanh(content)));
    const hidden = mul(sigmoid(output), tanh(cells));
    return { output: hidden, carried: concat([toGates(hidden), cells], 1) };
  };

function pixelRnn({ width, layers, kernel }: PixelRnnConfig, inputs: number, conditionSize: number) {
  const layer = () => ({
    input: convolutionSpec(2 * width, 4 * width, { kernel: [1, 2] }),
    above: convolutionSpec(width, 4 * width, { kernel: [1, 3], bias: false }),
    out: convolutionSpec(width, 2 * width, { kernel: 1 }),
  });
  const parameters = {
    first: maskedSpec(inputs, 2 * width, kernel, 'A'),
    ...conditionSpec(conditionSize, 2 * width),
    layers: Array.from({ length: layers }, layer),
  };
  const network: RasterNetwork<typeof parameters> = {
    parameters,
    conditionSize,
    features: (p, x, pass, { condition }) => {
      const first = addCondition(p, convolveMasked(p.first, x, pass, 'first'), condition);
      return p.layers.reduce((h, own, index) => {
        const fromRow = convolveRow(own.input, h, pass, `layer ${index} row`);
        const step = rowLstm(width, (hidden) => convolve(own.above, hidden));
        return add(h, convolve(own.out, pass.recur(`layer ${index}`, fromRow, 5 * width, step)));
      }, first);
    },
  };
  return network;
}

/** PixelRNN over a grid of values. */
export const pixelRnnRaster = (config: PixelRnnConfig, grid: Grid, classes = 0) =>
  raster(
    pixelRnn(config, grid.channels + 1, config.conditional ? classes : 0),
    categoricalHead(2 * config.width, config.hidden, grid),
    grid,
  );

export const definition = defineImageModel({
  name: 'pixel-rnn',
  title: 'PixelRNN (Row LSTM)',
  source: 'van den Oord et al. 2016, Pixel Recurrent Neural Networks, arXiv:1601.06759',
  schema: pixelRnnSchema,
  pixels: 'dynamic',
  tiny: { side: 1, config: { width: 4, layers: 2, hidden: 8 } },
  build: (config, data): ImageModel => {
    return rasterImageModel('pixel-rnn', pixelRnnRaster(config, data, data.classes), data, config);
  },
});
