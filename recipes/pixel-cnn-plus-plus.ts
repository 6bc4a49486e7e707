import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** PixelCNN++ on Fashion-MNIST's bytes, as a mixture of discretised logistics. */

const figure = { metric: 'bits per dimension', target: 3.28, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'pixel-cnn-plus-plus',
  title: 'PixelCNN++ on 8-bit Fashion-MNIST',
  source:
    'Salimans et al. 2017, arXiv:1701.05517, which has no figure for these images (2.92 on CIFAR-10); held against 3.28 of a hierarchical VAE, quoted by Liu et al. 2022',
  data: 'fashion-mnist',
  ...figure,
  smokeModel: { blocks: 1, width: 4, mixtures: 2 },
  scales: {
    cpu: {
      about: 'two halves of 2 blocks of 24 channels, 5 mixtures, batch 16, 7,000 steps',
      settings: {
        batchSize: 16,
        model: { blocks: 2, width: 24, mixtures: 5, dropout: 0 },
        training: {
          steps: 7000,
          clipNorm: 2000,
          evaluateEvery: 500,
          sampleEvery: 3500,
          schedule: { kind: 'cosine', learningRate: 2e-3, warmupSteps: 50, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'two halves of 6 blocks of 96 channels, 10 mixtures, batch 64, 150 epochs',
      settings: {
        batchSize: 64,
        model: { blocks: 6, width: 96, mixtures: 10, dropout: 0.3 },
        training: {
          steps: 140_000,
          clipNorm: 2000,
          evaluateEvery: 7000,
          sampleEvery: 35_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 4e-4, warmupSteps: 1000, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('bitsPerDimension', figure),
});
