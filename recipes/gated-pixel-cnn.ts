import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** The gated PixelCNN on MNIST's bytes, as a softmax over 256 values. */

const figure = { metric: 'bits per dimension', target: 1.112, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'gated-pixel-cnn',
  title: 'gated PixelCNN on 8-bit MNIST',
  source:
    'van den Oord et al. 2016, arXiv:1606.05328; 0.808 in the literature for 850,000 parameters and 150 epochs; to be below recipes/glow.ts',
  ...figure,
  smokeModel: { layers: 2, width: 4, hidden: 8 },
  scales: {
    cpu: {
      about: '6 gated layers of 28 channels, batch 16, 10,000 steps',
      settings: {
        batchSize: 16,
        model: { layers: 6, width: 28 },
        training: {
          steps: 10_000,
          clipNorm: 1000,
          evaluateEvery: 1000,
          sampleEvery: 5000,
          schedule: { kind: 'cosine', learningRate: 2e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      target: 0.81,
      about: '7 gated layers of 64 channels, batch 128, 150 epochs',
      settings: {
        batchSize: 128,
        model: { layers: 7, width: 64, hidden: 128 },
        training: {
          steps: 69_000,
          clipNorm: 1000,
          evaluateEvery: 4600,
          sampleEvery: 23_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('bitsPerDimension', figure),
});
