import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { type ConvolutionSpec, convolutionSpec, convolve } from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { addCondition, conditionSpec } from '../../nn/raster/condition.js';
import { convolveRow, convolveRows, dilationOf } from '../../nn/raster/convolutions.js';
import { rasterImageModel } from '../../nn/raster/image-model.js';
import { logisticMixtureHead } from '../../nn/raster/logistic-mixture.js';
import type { Pass } from '../../nn/raster/pass.js';
import { type Grid, type RasterContext, type RasterNetwork, raster } from '../../nn/raster/raster.js';
import { type Tensor, add, concat, elu, mul, neg, sigmoid, split } from '../../tensor/index.js';

/**
 * PixelCNN++ (Salimans et al. 2017): whole pixels from a mixture of discretised logistics, two streams of gated
 * residual blocks with dropout, and shortcuts from the first half of the blocks to the second. Where the paper halves
 * the image in the middle, kernels are dilated here: they reach as far, and every row and column keeps its place, so
 * that drawing stays one small step a pixel.
 */

const schema = z.strictObject({
  width: z.int().positive().default(32).describe('channels of each of the two streams'),
  blocks: z.int().positive().default(3).describe('residual blocks of each half, in each stream'),
  mixtures: z.int().positive().default(5).describe('logistic distributions in the mixture'),
  dropout: z.number().min(0).lt(1).default(0.2).describe('share of the units of a block that are dropped in training'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
});

type Config = z.output<typeof schema>;

/** Both signs of x, each through the exponential linear unit: [B, 2 C, H, W]. */
const bothSigns = (x: Tensor): Tensor => elu(concat([x, neg(x)], 1));

type Kernel = readonly [rows: number, columns: number];

function network({ width, blocks, conditional }: Config, inputs: number, classes: number) {
  const conditionSize = conditional ? classes : 0;
  const block = (kernel: Kernel, shortcuts: number) => ({
    first: convolutionSpec(2 * width, width, { kernel }),
    /** What comes from elsewhere: the other stream, or an earlier block. */
    from: Array.from({ length: shortcuts }, () => convolutionSpec(2 * width, width, { kernel: 1, bias: false })),
    second: convolutionSpec(2 * width, 2 * width, { kernel, gain: 0.5 }),
    ...conditionSpec(conditionSize, 2 * width),
  });
  const half = (rows: number, row: number) =>
    Array.from({ length: blocks }, () => ({ rows: block([2, 3], rows), row: block([1, 2], row) }));
  const parameters = {
    rows: convolutionSpec(inputs, width, { kernel: [2, 5] }),
    row: convolutionSpec(inputs, width, { kernel: [1, 2] }),
    down: half(0, 1),
    up: half(1, 2),
  };
  type Block = TensorsOf<ReturnType<typeof block>>;
  type Convolve = (p: TensorsOf<ConvolutionSpec>, x: Tensor, name: string) => Tensor;

  /** x + gated residual; `others` are what the block's shortcuts made of other features. */
  const residual = (p: Block, x: Tensor, others: readonly Tensor[], run: Convolve, context: RasterContext): Tensor => {
    const first = others.reduce(add, run(p.first, bothSigns(x), 'first'));
    const active = bothSigns(first);
    const second = run(p.second, context.drop?.(active) ?? active, 'second');
    const [value, gate] = split(addCondition(p, second, context.condition), 2, 1) as [Tensor, Tensor];
    return add(x, mul(value, sigmoid(gate)));
  };
  const shortcut = (p: Block, index: number, x: Tensor): Tensor => convolve(p.from[index]!, bothSigns(x));

  const result: RasterNetwork<typeof parameters> = {
    parameters,
    conditionSize,
    features: (p, x, pass: Pass, context) => {
      let above = convolveRows(p.rows, pass.down(x), pass, 'rows');
      let here = add(convolveRow(p.row, pass.right(x), pass, 'row'), pass.hand('above', above));
      const kept: { above: Tensor; here: Tensor }[] = [{ above, here }];
      const pair = (own: (typeof p.up)[number], name: string, dilation: number, from?: (typeof kept)[number]): void => {
        const rows: Convolve = (q, y, part) => convolveRows(q, y, pass, `${name} rows ${part}`, dilation);
        const row: Convolve = (q, y, part) => convolveRow(q, y, pass, `${name} row ${part}`, dilation);
        above = residual(own.rows, above, from ? [shortcut(own.rows, 0, from.above)] : [], rows, context);
        const across = pass.hand(name, shortcut(own.row, 0, above));
        here = residual(own.row, here, from ? [across, shortcut(own.row, 1, from.here)] : [across], row, context);
      };
      p.down.forEach((own, index) => {
        pair(own, `down ${index}`, dilationOf(index));
        kept.push({ above, here });
      });
      // The last of the first half is where the second begins; each of its blocks takes the one that lies as deep.
      kept.pop();
      p.up.forEach((own, index) => {
        pair(own, `up ${index}`, dilationOf(blocks - 1 - index), kept.pop());
      });
      return bothSigns(here);
    },
  };
  return result;
}

/** PixelCNN++ over a grid of values; of a conditional one, `classes` says how many. */
export const pixelCnnPlusPlusRaster = (config: Config, grid: Grid, classes = 0) =>
  raster(
    network(config, grid.channels + 1, classes),
    logisticMixtureHead(2 * config.width, config.mixtures, grid),
    grid,
  );

export const definition = defineImageModel({
  name: 'pixel-cnn-plus-plus',
  title: 'PixelCNN++',
  source: 'Salimans et al. 2017, arXiv:1701.05517',
  schema,
  pixels: 'bytes',
  tiny: { side: 1, config: { width: 4, blocks: 2, mixtures: 3 } },
  build: (config, data): ImageModel => {
    const pixels = pixelCnnPlusPlusRaster(config, data, data.classes);
    return rasterImageModel('pixel-cnn-plus-plus', pixels, data, config);
  },
});
