import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** The variational auto-encoder on MNIST with pixels drawn anew each time. */

const figure = { metric: 'negative ELBO, nats per image', target: 95, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'vae',
  title: 'variational auto-encoder on binarised MNIST',
  source:
    'Kingma & Welling 2014, arXiv:1312.6114; held against 86.8 nats of a small VAE in the literature, trained for long',
  ...figure,
  scales: {
    cpu: {
      about: 'two hidden layers of 400, 32 latents, batch 128, 60,000 steps',
      settings: {
        batchSize: 128,
        training: {
          steps: 60_000,
          clipNorm: null,
          evaluateEvery: 6000,
          sampleEvery: 15_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      target: 86.8,
      about: 'two hidden layers of 500, 50 latents, batch 256, 200,000 steps',
      settings: {
        model: { width: 500, layers: 2, latents: 50 },
        batchSize: 256,
        training: {
          steps: 200_000,
          clipNorm: null,
          evaluateEvery: 10_000,
          sampleEvery: 50_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('nats', figure),
});
