import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** The masked autoregressive flow on MNIST as it is: bytes, 28 x 28. */

const figure = { metric: 'bits per dimension', target: 1.89, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'maf',
  title: 'masked autoregressive flow on MNIST, 8 bits, 28 x 28',
  source:
    'Papamakarios et al. 2017, arXiv:1705.07057; 1.89 bits per dimension in the survey of Kobyzev et al. 2020, arXiv:1908.09257',
  ...figure,
  smokeModel: { layers: 2, width: 8 },
  scales: {
    cpu: {
      about: 'four layers of 512 units, batch 128, 12,000 steps',
      settings: {
        batchSize: 128,
        training: {
          steps: 12_000,
          clipNorm: 100,
          evaluateEvery: 1000,
          sampleEvery: 12_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 50, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about: 'ten layers of 1024 units, batch 128, 100,000 steps',
      settings: {
        model: { layers: 10, width: 1024 },
        batchSize: 128,
        training: {
          steps: 100_000,
          clipNorm: 100,
          evaluateEvery: 5000,
          sampleEvery: 50_000,
          average: { decay: 0.9995 },
          optimizer: { weightDecay: 0.01 },
          schedule: { kind: 'cosine', learningRate: 5e-4, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('bitsPerDimension', figure),
});
