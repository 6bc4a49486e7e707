import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** RealNVP on MNIST as it is: bytes, 28 x 28. */

const figure = { metric: 'bits per dimension', target: 1.45, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'real-nvp',
  title: 'RealNVP on MNIST, 8 bits, 28 x 28',
  source:
    'Dinh et al. 2017, arXiv:1605.08803; 1.06 bits per dimension when trained in full (survey of Kobyzev et al. 2020, arXiv:1908.09257), and at cpu scale held against 1.45, Glow’s bar',
  ...figure,
  smokeModel: { couplings: 1, width: 4 },
  scales: {
    cpu: {
      about: 'two scales, batch 64, 8,000 steps',
      settings: {
        batchSize: 64,
        training: {
          steps: 8000,
          clipNorm: 100,
          evaluateEvery: 1000,
          sampleEvery: 4000,
          schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 200, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      target: 1.06,
      about: 'two scales, networks of 48 channels and more with two residual blocks, batch 64, 100,000 steps',
      settings: {
        model: { couplings: 3, width: 48, blocks: 2 },
        batchSize: 64,
        training: {
          steps: 100_000,
          clipNorm: 100,
          evaluateEvery: 5000,
          sampleEvery: 25_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('bitsPerDimension', figure),
});
