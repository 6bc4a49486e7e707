import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { convolutionSpec, convolve } from '../../nn/layers.js';
import { categoricalHead } from '../../nn/raster/heads.js';
import { oddSide, rasterImageModel } from '../../nn/raster/image-model.js';
import { convolveMasked, maskedSpec } from '../../nn/raster/convolutions.js';
import { type RasterNetwork, raster } from '../../nn/raster/raster.js';
import { add, relu } from '../../tensor/index.js';

/**
 * PixelCNN: masked convolutions in residual blocks (van den Oord et al. 2016a, section 3). A masked kernel is two here:
 * one over the rows above and one over this row up to the value, which costs less than computing with zeros.
 */

const pixelCnnSchema = z.strictObject({
  width: z.int().positive().default(16).describe('channels within a residual block; twice as many between blocks'),
  blocks: z.int().positive().default(12).describe('residual blocks'),
  kernel: oddSide.default(7).describe('side of the first kernel, odd; the others have 3'),
  hidden: z.int().positive().default(64).describe('units of the layer before the logits'),
});

type PixelCnnConfig = z.output<typeof pixelCnnSchema>;

function pixelCnn({ width, blocks, kernel }: PixelCnnConfig, inputs: number) {
  const gain = Math.SQRT2;
  const block = () => ({
    reduce: convolutionSpec(2 * width, width, { kernel: 1, gain }),
    masked: maskedSpec(width, width, 3, 2),
    expand: convolutionSpec(width, 2 * width, { kernel: 1, gain: 1 / Math.sqrt(blocks) }),
  });
  const parameters = {
    first: maskedSpec(inputs, 2 * width, kernel, (kernel - 1) / 2),
    blocks: Array.from({ length: blocks }, block),
  };
  const network: RasterNetwork<typeof parameters> = {
    parameters,
    conditionSize: 0,
    features: (p, x, pass) => {
      const first = convolveMasked(p.first, { above: x, row: pass.right(x) }, pass, 'first');
      return p.blocks.reduce((h, layer, index) => {
        const inner = relu(convolve(layer.reduce, relu(h)));
        const seen = convolveMasked(layer.masked, { above: inner, row: inner }, pass, `block ${index}`);
        return add(h, convolve(layer.expand, relu(seen)));
      }, first);
    },
  };
  return network;
}

export const definition = defineImageModel({
  name: 'pixel-cnn',
  title: 'PixelCNN',
  source: 'van den Oord et al. 2016, Pixel Recurrent Neural Networks, arXiv:1601.06759',
  schema: pixelCnnSchema,
  pixels: 'dynamic',
  build: (config, data): ImageModel => {
    const network = pixelCnn(config, data.channels + 1);
    const head = categoricalHead(2 * config.width, config.hidden, data);
    return rasterImageModel('pixel-cnn', raster(network, head, data), data);
  },
});
