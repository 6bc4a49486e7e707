import { imageRecipe } from '../src/cli/image-recipe.js';
import { dimensions } from '../src/data/images/image-set.js';
import { similarity } from '../src/evaluation/image-similarity.js';

/** The auto-encoder on MNIST: 784 pixels through 30 numbers and back. */

const figure = { metric: 'squared error of an image', target: 3.0, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'ae',
  title: 'auto-encoder of MNIST with 30 numbers in a code',
  source:
    'Hinton & Salakhutdinov 2006, Science 313, figure 2B: 3.00, where logistic PCA of the same size has 8.01 and PCA 13.87',
  ...figure,
  model: 'autoencoder',
  scales: {
    cpu: {
      about: 'convolutions of 32 and 64 channels, 30 latents, batch 128, 24,000 steps',
      settings: {
        model: { network: 'convolutional', width: 32, latents: 30 },
        batchSize: 128,
        training: {
          steps: 24_000,
          clipNorm: null,
          evaluateEvery: 24_000,
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
          clipNorm: 1,
          steps: 100_000,
          evaluateEvery: 100_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async ({ open, test, signal }) => {
    const { originals, images } = await open.reconstruct(test, { ...(signal && { signal }) });
    const found = similarity(originals, images, { ...test, largest: 255 });
    return {
      rows: [
        { ...figure, value: found.meanSquaredError * dimensions(test) },
        { metric: 'peak signal to noise, dB', value: found.peakSignalToNoise },
        { metric: 'structural similarity', value: found.structuralSimilarity! },
      ],
      details: { similarity: found },
      notes: [
        `Squared differences of pixels from 0 to 1, summed over an image, over ${test.count} test images. On this scale PCA ` +
          'with 30 components leaves 13.87 of all 10,000, as the paper says, so its figures are of the same images.',
      ],
    };
  },
});
