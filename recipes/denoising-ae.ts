import { imageRecipe } from '../src/cli/image-recipe.js';
import { squaredErrors } from './reconstruction.helper.js';

/** The denoising auto-encoder on MNIST: half of the pixels are taken away, and asked back. */

const figure = {
  metric: 'squared error that is left, share of what the corruption made',
  target: 0.2,
  direction: 'at most',
} as const;

export const recipe = imageRecipe({
  name: 'denoising-ae',
  title: 'denoising auto-encoder of MNIST, half of the pixels masked',
  source: 'Vincent et al. 2008; the paper gives no such figure: the target is ours',
  ...figure,
  model: 'autoencoder',
  scales: {
    cpu: {
      about: 'two hidden layers of 512, 128 latents, batch 128, 8,000 steps',
      settings: {
        model: { width: 512, layers: 2, latents: 128, corruption: 'masking', amount: 0.5 },
        batchSize: 128,
        training: {
          steps: 8000,
          clipNorm: null,
          evaluateEvery: 8000,
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async ({ open, test, signal }) => {
    const { originals, seen, images } = await open.restore(test, { ...(signal && { signal }) });
    const size = { count: test.count, largest: 255 };
    const left = squaredErrors(originals, images, size);
    const made = squaredErrors(originals, seen, size);
    return {
      rows: [
        { ...figure, value: left.mean / made.mean, standardError: left.standardError / made.mean },
        { metric: 'squared error of a restored image', value: left.mean, standardError: left.standardError },
        { metric: 'squared error of a corrupted image', value: made.mean, standardError: made.standardError },
      ],
      notes: [`Pixels from 0 to 1, summed over an image, over ${test.count} test images.`],
    };
  },
});
