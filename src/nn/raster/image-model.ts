import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { type Tensor, mean, neg, oneHot } from '../../tensor/index.js';
import type { ImageData, ImageModel, ImageTensors } from '../image-model.js';
import { Dropout } from '../layers.js';
import type { TensorsOf } from '../parameters.js';
import { type Raster, type RasterContext, imagesOfValues, valuesOfImages } from './raster.js';

export interface RasterModelOptions {
  /** Whether the class is a condition, as one number for each class. */
  readonly conditional?: boolean;
  /** Share of units dropped in training. */
  readonly dropout?: number;
}

/** Side of a kernel with a middle. */
export const oddSide = z
  .int()
  .min(3)
  .refine((side) => side % 2 === 1, 'a kernel has a middle only where its side is odd');

/**
 * An image model that is a raster over its pixels.
 *
 * @throws ConfigError when it is to be conditional and the images have no classes
 */
export function rasterImageModel<Specs extends object>(
  name: string,
  pixels: Raster<Specs>,
  data: ImageData,
  { conditional = false, dropout = 0 }: RasterModelOptions = {},
): ImageModel {
  type Parameters = TensorsOf<Specs>;
  if (conditional && data.classes === 0) {
    throw new ConfigError('model.conditional: these images have no labels', { advice: 'Leave it false.' });
  }
  const conditionOf = (labels: Tensor): Tensor => oneHot(labels, data.classes);
  const contextOf = ({ labels }: ImageTensors): RasterContext =>
    conditional ? { condition: conditionOf(labels) } : {};
  return {
    parameters: pixels.parameters,
    conditional,
    losses: [
      {
        name,
        loss: (p: Parameters, batch) => {
          const dropped = new Dropout(dropout, batch.key);
          const context = { ...contextOf(batch), ...(dropout > 0 && { drop: (x: Tensor) => dropped.apply(x) }) };
          return { loss: neg(mean(pixels.logProb(p, batch.images, context))) };
        },
      },
    ],
    density: {
      kind: 'exact',
      logProb: (p: Parameters, batch) => pixels.logProb(p, batch.images, contextOf(batch)),
    },
    sequential: {
      ...pixels.sequential({
        at: (tree) => tree,
        ...(conditional && { condition: (_, labels) => conditionOf(labels) }),
      }),
      toValues: (_, images) => valuesOfImages(images),
      toImages: (_, values) => imagesOfValues(values, data),
    },
  };
}
