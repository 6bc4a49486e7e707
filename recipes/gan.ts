import { imageRecipe } from '../src/cli/image-recipe.js';
import { leastShare, measureGame } from './game.helper.js';

/** The first GAN, of dense layers, on MNIST without classes: whether it draws every digit. */

export const recipe = imageRecipe({
  name: 'gan',
  title: 'GAN of dense layers on MNIST',
  source:
    'Goodfellow et al. 2014, arXiv:1406.2661; its likelihoods by kernel density are no measure: the target is ours',
  ...leastShare,
  smokeModel: { width: 16 },
  scales: {
    cpu: {
      about: 'two layers of 256 units, batch 128, 15,000 steps',
      settings: {
        batchSize: 128,
        training: {
          steps: 15_000,
          clipNorm: null,
          evaluateEvery: 15_000,
          sampleEvery: 5000,
          schedule: { kind: 'linear', learningRate: 1e-3, decayOver: 0.5, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about: 'three layers of 1,024 units, batch 128, 100,000 steps',
      settings: {
        batchSize: 128,
        model: { width: 1024, layers: 3, latents: 100 },
        training: {
          steps: 100_000,
          clipNorm: null,
          evaluateEvery: 100_000,
          sampleEvery: 20_000,
          schedule: { kind: 'linear', learningRate: 1e-3, decayOver: 0.5, finalFraction: 0.02 },
        },
      },
    },
  },
  measure: measureGame,
});
