import { imageRecipe } from '../src/cli/image-recipe.js';

/** The importance-weighted auto-encoder: the VAE of recipes/vae.ts with 50 draws for each image, in training too. */

const figure = {
  metric: 'estimate of −log p(x) with 50 draws, nats per image',
  target: 93.56,
  direction: 'at most',
} as const;

export const recipe = imageRecipe({
  name: 'iwae',
  title: 'importance-weighted auto-encoder with 50 draws on binarised MNIST',
  source:
    "Burda et al. 2016, arXiv:1509.00519: 84.78 with 50 draws where the VAE has 86.76; to be below recipes/vae.ts's bound",
  ...figure,
  model: 'vae',
  smokeModel: { width: 32, draws: 4 },
  scales: {
    cpu: {
      about: 'two hidden layers of 400, 32 latents, batch 64, 40,000 steps of one draw and 4,000 of 50',
      settings: {
        model: { width: 400, layers: 2, latents: 32, draws: 50, oneDrawUntil: 10 / 11 },
        batchSize: 64,
        evaluationImages: 500,
        training: {
          steps: 44_000,
          clipNorm: null,
          evaluateEvery: 4000,
          sampleEvery: 22_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'two hidden layers of 500, 50 latents, 50 draws, batch 256, 100,000 steps',
      settings: {
        model: { width: 500, layers: 2, latents: 50, draws: 50 },
        batchSize: 256,
        training: {
          steps: 100_000,
          evaluateEvery: 5000,
          sampleEvery: 50_000,
          clipNorm: null,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 0, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async ({ open, test, scale, signal }) => {
    const aborts = { ...(signal && { signal }) };
    const draws = scale === 'smoke' ? 4 : 50;
    const estimate = await open.density(test, { density: open.model.tighter!(draws), batchSize: 20, ...aborts });
    const bound = await open.density(test, aborts);
    return {
      rows: [
        { ...figure, value: estimate.nats, standardError: estimate.standardError },
        { metric: 'the bound with one draw, nats per image', value: bound.nats, standardError: bound.standardError },
      ],
      details: { estimate, bound },
      notes: [
        `An estimate with ${draws} draws, over ${estimate.images} test images; in expectation it is no less than −log p(x).`,
        'The bound with one draw is looser: training for many draws does not ask for a good single one.',
      ],
    };
  },
});
