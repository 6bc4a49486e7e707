import { imageRecipe } from '../src/cli/image-recipe.js';
import { asAsked, measureGame } from './game.helper.js';

/** The spectrally normalised GAN on MNIST, told the digit by projection, as its authors tell ImageNet's classes. */

const schedule = { kind: 'linear', learningRate: 1e-3, decayOver: 0.5, finalFraction: 0.02 };

export const recipe = imageRecipe({
  name: 'spectral-gan',
  title: 'GAN with spectral normalisation and hinge loss on MNIST, of classes',
  source:
    'Miyato et al. 2018, arXiv:1802.05957, and Miyato & Koyama 2018, arXiv:1802.05637; neither has a figure for MNIST: the target is ours',
  ...asAsked,
  smokeModel: { width: 4 },
  scales: {
    cpu: {
      about: '32 and 64 channels, classes by projection, batch 64, 8,000 steps',
      settings: {
        batchSize: 64,
        model: { condition: 'projection' },
        training: { steps: 8000, clipNorm: null, evaluateEvery: 8000, sampleEvery: 4000, schedule },
      },
    },
    gpu: {
      about: '64 and 128 channels, classes by projection, batch 128, 50,000 steps',
      settings: {
        batchSize: 128,
        model: { condition: 'projection', width: 64, latents: 128 },
        training: { steps: 50_000, clipNorm: null, evaluateEvery: 50_000, sampleEvery: 10_000, schedule },
      },
    },
  },
  measure: measureGame,
});
