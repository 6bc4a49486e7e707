import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** Glow on MNIST as it is: bytes, 28 x 28. */

const figure = { metric: 'bits per dimension', target: 1.45, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'glow',
  title: 'Glow on MNIST, 8 bits, 28 x 28',
  source:
    'Kingma & Dhariwal 2018, arXiv:1807.03039; held against 1.05 bits of the full Glow (survey of Kobyzev et al. 2020) at gpu scale, and at cpu scale against 1.45 bits after a quarter of an hour',
  ...figure,
  smokeModel: {
    levels: [
      { squeeze: 2, steps: 1, width: 8 },
      { squeeze: 2, steps: 1, width: 8 },
    ],
  },
  scales: {
    cpu: {
      about: 'two scales, 12 steps of flow, batch 64',
      settings: {
        batchSize: 64,
        training: {
          steps: 5000,
          clipNorm: 100,
          evaluateEvery: 500,
          sampleEvery: 2500,
          schedule: { kind: 'cosine', learningRate: 2e-3, warmupSteps: 50, finalFraction: 0.02 },
        },
      },
    },
  },
  measure: measureDensity('bitsPerDimension', figure),
});
