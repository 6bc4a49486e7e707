import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** PixelCNN on MNIST with pixels drawn anew each time. */

const figure = { metric: 'negative log-likelihood, nats per image', target: 90, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'pixel-cnn',
  title: 'PixelCNN on binarised MNIST',
  source:
    'van den Oord et al. 2016, arXiv:1601.06759: 81.30 nats; 81.45 in the literature for 15 blocks of 16 channels',
  ...figure,
  smokeModel: { blocks: 2, width: 4, hidden: 8 },
  scales: {
    cpu: {
      about: '12 residual blocks of 16 channels, batch 16, 10,000 steps',
      settings: {
        batchSize: 16,
        model: { blocks: 12, width: 16 },
        training: {
          steps: 10_000,
          clipNorm: 500,
          evaluateEvery: 1000,
          sampleEvery: 5000,
          schedule: { kind: 'cosine', learningRate: 2e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      target: 81.5,
      about: '15 residual blocks of 32 channels, batch 128, 200 epochs',
      settings: {
        batchSize: 128,
        model: { blocks: 15, width: 32, hidden: 128 },
        training: {
          steps: 92_000,
          clipNorm: 500,
          evaluateEvery: 4600,
          sampleEvery: 23_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('nats', figure),
});
