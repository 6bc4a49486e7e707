import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** PixelCNN on MNIST with pixels drawn anew each time. */

const figure = { metric: 'negative log-likelihood, nats per image', target: 90, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'pixel-cnn',
  title: 'PixelCNN on binarised MNIST',
  source: 'van den Oord et al. 2016, arXiv:1601.06759: 81.30 nats; held against 81.45 of 15 blocks of 16 channels',
  ...figure,
  smokeModel: { blocks: 2, width: 4, hidden: 8 },
  scales: {
    cpu: {
      about: '12 residual blocks of 16 channels, batch 32',
      settings: {
        batchSize: 32,
        model: { blocks: 12, width: 16 },
        training: {
          steps: 4000,
          clipNorm: null,
          evaluateEvery: 500,
          sampleEvery: 2000,
          schedule: { kind: 'cosine', learningRate: 2e-3, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('nats', figure),
});
