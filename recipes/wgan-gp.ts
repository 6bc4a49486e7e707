import { imageRecipe } from '../src/cli/image-recipe.js';
import { asAsked, measureGame } from './game.helper.js';

/** WGAN-GP on MNIST, told the digit. */

const schedule = { kind: 'linear', learningRate: 1e-3, decayOver: 0.5, finalFraction: 0.02 };

export const recipe = imageRecipe({
  name: 'wgan-gp',
  title: 'WGAN-GP of classes on MNIST',
  source: 'Gulrajani et al. 2017, arXiv:1704.00028; the paper has no figure for MNIST: the target is ours',
  ...asAsked,
  smokeModel: { width: 4 },
  scales: {
    cpu: {
      about:
        "32 and 64 channels, classes by projection, batch 64, 15,000 of the critic's steps, 5,000 of the generator's",
      settings: {
        batchSize: 64,
        model: { condition: 'projection', criticSteps: 3 },
        training: { steps: 15_000, clipNorm: null, evaluateEvery: 15_000, sampleEvery: 5000, schedule },
      },
    },
    gpu: {
      about:
        "64 and 128 channels, classes by projection, batch 64, 200,000 of the critic's steps, 40,000 of the generator's",
      settings: {
        batchSize: 64,
        model: { condition: 'projection', width: 64, latents: 128 },
        training: { steps: 200_000, clipNorm: null, evaluateEvery: 200_000, sampleEvery: 50_000, schedule },
      },
    },
  },
  measure: measureGame,
});
