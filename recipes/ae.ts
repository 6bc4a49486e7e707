import { imageRecipe } from '../src/cli/image-recipe.js';
import { squaredErrors } from './reconstruction.helper.js';

/** The auto-encoder on MNIST: 784 pixels through 30 numbers and back. */

const figure = { metric: 'squared error of an image', target: 3.0, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'ae',
  title: 'auto-encoder of MNIST with 30 numbers in a code',
  source: 'Hinton & Salakhutdinov 2006, Science 313: 3.00, where logistic PCA of the same size has 8.01 and PCA 13.87',
  ...figure,
  model: 'autoencoder',
  scales: {
    cpu: {
      about: 'two hidden layers of 512, 30 latents, batch 128, 12,000 steps',
      settings: {
        model: { width: 512, layers: 2, latents: 30 },
        batchSize: 128,
        training: {
          steps: 12_000,
          clipNorm: null,
          evaluateEvery: 12_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'three hidden layers of 1024, 30 latents, batch 256, 100,000 steps',
      settings: {
        model: { width: 1024, layers: 3, latents: 30 },
        batchSize: 256,
        training: {
          steps: 100_000,
          evaluateEvery: 100_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async ({ open, test, signal }) => {
    const { originals, images } = await open.reconstruct(test, { ...(signal && { signal }) });
    const { mean, standardError } = squaredErrors(originals, images, { count: test.count, largest: 255 });
    return {
      rows: [{ ...figure, value: mean, standardError }],
      notes: [`Pixels from 0 to 1, summed over an image, over ${test.count} test images.`],
    };
  },
});
