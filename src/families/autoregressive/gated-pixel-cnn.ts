import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { gatedPixelCnn } from '../../nn/raster/gated-pixel-cnn.js';
import { oddSide, rasterImageModel } from '../../nn/raster/image-model.js';

/** The gated PixelCNN over pixels; `src/nn/raster/` has the network, which serves as a prior over codes too. */

const gatedPixelCnnSchema = z.strictObject({
  width: z.int().positive().default(32).describe('channels of each of the two stacks'),
  layers: z.int().positive().default(7).describe('gated layers; their kernels are dilated by 1, 2, 1, 4, …'),
  kernel: oddSide.default(7).describe('side of the first kernel, odd; the others have 3'),
  hidden: z.int().positive().default(64).describe('units of the layer before the logits'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
});

export const definition = defineImageModel({
  name: 'gated-pixel-cnn',
  title: 'gated PixelCNN',
  source: 'van den Oord et al. 2016, Conditional Image Generation with PixelCNN Decoders, arXiv:1606.05328',
  schema: gatedPixelCnnSchema,
  pixels: 'bytes',
  tiny: { side: 1, config: { width: 4, layers: 2, hidden: 8 } },
  build: (config, data): ImageModel => {
    const { conditional } = config;
    const pixels = gatedPixelCnn({ ...config, conditionSize: conditional ? data.classes : 0 }, data);
    return rasterImageModel('gated-pixel-cnn', pixels, data, { conditional });
  },
});
