import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { convolutionSpec, convolve } from '../../nn/layers.js';
import { categoricalHead } from '../../nn/raster/heads.js';
import { oddSide, rasterImageModel } from '../../nn/raster/image-model.js';
import { addCondition, conditionSpec } from '../../nn/raster/condition.js';
import { convolveMasked, maskedSpec } from '../../nn/raster/convolutions.js';
import { type Grid, type RasterNetwork, raster } from '../../nn/raster/raster.js';
import { add, relu } from '../../tensor/index.js';

/**
 * PixelCNN: masked convolutions in residual blocks (van den Oord et al. 2016a, section 3). The channels of a pixel take
 * turns in the last layers, which see the pixel's earlier channels, and not by masks in every layer.
 */

const pixelCnnSchema = z.strictObject({
  width: z.int().positive().default(16).describe('channels within a residual block; twice as many between blocks'),
  blocks: z.int().positive().default(12).describe('residual blocks'),
  kernel: oddSide.default(7).describe('side of the first kernel, odd; the others have 3'),
  hidden: z.int().positive().default(64).describe('units of the layer before the logits'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
});

type PixelCnnConfig = z.output<typeof pixelCnnSchema>;

function pixelCnn({ width, blocks, kernel }: PixelCnnConfig, inputs: number, conditionSize: number) {
  const gain = Math.SQRT2;
  const block = () => ({
    reduce: convolutionSpec(2 * width, width, { kernel: 1, gain }),
    masked: maskedSpec(width, width, 3, 'B'),
    expand: convolutionSpec(width, 2 * width, { kernel: 1, gain: 1 / Math.sqrt(blocks) }),
  });
  const parameters = {
    first: maskedSpec(inputs, 2 * width, kernel, 'A'),
    ...conditionSpec(conditionSize, 2 * width),
    blocks: Array.from({ length: blocks }, block),
  };
  const network: RasterNetwork<typeof parameters> = {
    parameters,
    conditionSize,
    features: (p, x, pass, { condition }) => {
      const first = addCondition(p, convolveMasked(p.first, x, pass, 'first'), condition);
      return p.blocks.reduce((h, layer, index) => {
        const inner = relu(convolve(layer.reduce, relu(h)));
        const seen = convolveMasked(layer.masked, inner, pass, `block ${index}`);
        return add(h, convolve(layer.expand, relu(seen)));
      }, first);
    },
  };
  return network;
}

/** PixelCNN over a grid of values. */
export const pixelCnnRaster = (config: PixelCnnConfig, grid: Grid, classes = 0) =>
  raster(
    pixelCnn(config, grid.channels + 1, config.conditional ? classes : 0),
    categoricalHead(2 * config.width, config.hidden, grid),
    grid,
  );

export const definition = defineImageModel({
  name: 'pixel-cnn',
  title: 'PixelCNN',
  source: 'van den Oord et al. 2016, Pixel Recurrent Neural Networks, arXiv:1601.06759',
  schema: pixelCnnSchema,
  pixels: 'dynamic',
  tiny: { side: 1, config: { width: 4, blocks: 2, hidden: 8 } },
  build: (config, data): ImageModel => {
    return rasterImageModel('pixel-cnn', pixelCnnRaster(config, data, data.classes), data, config);
  },
});
