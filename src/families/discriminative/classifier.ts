import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { Dropout, convolutionSpec, convolve, linear, linearSpec, scaledNormal } from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import { type Tensor, argMax, cast, crossEntropy, equal, mean, relu, reshape, rmsNorm } from '../../tensor/index.js';

/**
 * A small convolutional classifier. It makes no images: it judges those that others made, by the class it reads in
 * them and, through its last hidden layer, by the distance between sets of them.
 */

export const classifierSchema = z.strictObject({
  width: z.int().positive().default(32).describe('channels of the first convolution; the others have twice as many'),
  features: z.int().positive().default(128).describe('numbers in the last hidden layer'),
  dropout: z.number().min(0).lt(1).default(0.4).describe('share of the last hidden layer left out in training'),
});

/** The side of an image after a convolution of stride 2 that pads to half. */
const half = (length: number): number => Math.ceil(length / 2);

export const definition = defineImageModel({
  name: 'classifier',
  title: 'convolutional classifier',
  source: 'convolutions of stride 2 in place of pooling (Springenberg et al. 2015, arXiv:1412.6806)',
  schema: classifierSchema,
  pixels: 'bytes',
  tiny: { classes: 2 },
  build: ({ width, features, dropout }, { channels, height, width: columns, levels, classes }): ImageModel => {
    if (classes < 2) {
      throw new ConfigError(`A classifier needs images of at least two classes, and these have ${classes}`, {
        advice: 'Give labelled images: idx files with their labels, or a folder for each class.',
      });
    }
    const middle = 2 * width * half(half(height)) * half(half(columns));
    const gain = Math.SQRT2;
    const parameters = {
      first: convolutionSpec(channels, width, { kernel: 5, gain }),
      second: convolutionSpec(width, 2 * width, { gain }),
      third: convolutionSpec(2 * width, 2 * width, { gain }),
      hidden: linearSpec(middle, features, { init: scaledNormal(middle, gain) }),
      head: linearSpec(features, classes, { init: normal(0.01) }),
    };
    type Parameters = TensorsOf<typeof parameters>;

    const featuresOf = (p: Parameters, images: Tensor): Tensor => {
      const first = relu(convolve(p.first, centred(images, levels), { stride: 2, padding: 2 }));
      const second = relu(convolve(p.second, first, { stride: 2, padding: 1 }));
      const third = relu(convolve(p.third, second));
      // Of one size for every image: else a distance would weigh most those that the classifier is surest of.
      return rmsNorm(relu(linear(p.hidden, reshape(third, [images.shape[0]!, middle]))));
    };
    return {
      parameters,
      losses: [
        {
          name: 'classifier',
          loss: (p: Parameters, { images, labels, key }) => {
            const logits = linear(p.head, new Dropout(dropout, key).apply(featuresOf(p, images)));
            const right = equal(argMax(logits), labels);
            return { loss: mean(crossEntropy(logits, labels)), metrics: { accuracy: mean(cast(right, 'float32')) } };
          },
        },
      ],
      features: { size: features, of: (p: Parameters, { images }) => featuresOf(p, images) },
      classifier: { logits: (p: Parameters, { images }) => linear(p.head, featuresOf(p, images)) },
    };
  },
});
