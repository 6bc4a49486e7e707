import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** The VAE with a flow for its prior and inverse autoregressive steps in its posterior, on binarised MNIST. */

const figure = { metric: 'negative ELBO, nats per image', target: 95, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'vae-flow',
  title: 'variational auto-encoder with flows on binarised MNIST',
  source:
    'Kingma et al. 2016, arXiv:1606.04934, who estimate 79.1 nats for deep convolutional networks; held against what the plain VAE of the same size has to reach',
  ...figure,
  smokeModel: { width: 16, latents: 4, context: 4, flowWidth: 8, posteriorSteps: 1, priorSteps: 1 },
  scales: {
    cpu: {
      about: 'two hidden layers of 400, 32 latents, batch 128, 45,000 steps',
      settings: {
        batchSize: 128,
        training: {
          steps: 45_000,
          clipNorm: 50,
          evaluateEvery: 5000,
          sampleEvery: 15_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 100, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      target: 86.8,
      about:
        'two hidden layers of 500, 50 latents, four steps of posterior and eight of prior, batch 256, 200,000 steps',
      settings: {
        model: {
          width: 500,
          layers: 2,
          latents: 50,
          context: 128,
          flowWidth: 320,
          posteriorSteps: 4,
          priorSteps: 8,
        },
        batchSize: 256,
        training: {
          steps: 200_000,
          clipNorm: 50,
          evaluateEvery: 10_000,
          sampleEvery: 50_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('nats', figure),
});
