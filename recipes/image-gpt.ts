import { imageRecipe } from '../src/cli/image-recipe.js';
import { probes } from './probe.helper.js';

/** Image GPT on MNIST: tokens of 2 x 2 pixels. */

const probe = { metric: 'linear probe, %', target: 90, direction: 'at least' } as const;

export const recipe = imageRecipe({
  name: 'image-gpt',
  title: 'image GPT on MNIST, 64 tokens of 2 x 2 pixels',
  source:
    'Chen et al. 2020, Generative Pretraining from Pixels; the paper has no such small model: the targets are ours',
  ...probe,
  smokeModel: { layers: 1, heads: 2, width: 16, palette: 8 },
  scales: {
    cpu: {
      about: 'four blocks of width 128, 196 tokens an image, batch 32, 2,500 steps',
      settings: {
        model: { patch: 2, palette: 64, layers: 4, heads: 4, width: 128 },
        batchSize: 32,
        evaluationImages: 500,
        training: {
          steps: 2500,
          evaluateEvery: 500,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 100, finalFraction: 0.05 },
        },
      },
    },
  },
  measure: async (trainedImages) => {
    const { open, test, signal } = trainedImages;
    const { trained, untrained } = await probes(trainedImages, 10_000);
    const figure = await open.density(test, { ...(signal && { signal }) });
    return {
      rows: [
        { ...probe, value: 100 * trained.accuracy, standardError: 100 * trained.standardError },
        { metric: 'nats per image, of the tokens', value: figure.nats, standardError: figure.standardError },
      ],
      details: { figure, trained, untrained },
    };
  },
});
