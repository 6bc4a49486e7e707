import { imageRecipe } from '../src/cli/image-recipe.js';
import { probes } from './probe.helper.js';

/** The masked auto-encoder on Fashion-MNIST: what its encoder knows of classes, without having seen one. */

const figure = {
  metric: 'points of a linear probe over the untrained encoder',
  target: 10,
  direction: 'at least',
} as const;

export const recipe = imageRecipe({
  name: 'mae',
  title: 'masked auto-encoder on Fashion-MNIST, patches of 4, three quarters masked',
  source: 'He et al. 2022, arXiv:2111.06377; the paper has no such small model: the target is ours',
  ...figure,
  data: 'fashion-mnist',
  smokeModel: { layers: 1, width: 32, decoderWidth: 16 },
  scales: {
    cpu: {
      about: 'four blocks of width 128, batch 128, 4,000 steps',
      settings: {
        batchSize: 128,
        training: {
          steps: 4000,
          evaluateEvery: 4000,
          optimizer: { beta2: 0.95, weightDecay: 0.05 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 200, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async (trainedImages) => {
    const { trained, untrained } = await probes(trainedImages);
    const points = 100 * (trained.accuracy - untrained.accuracy);
    return {
      rows: [
        { ...figure, value: points, standardError: 100 * Math.hypot(trained.standardError, untrained.standardError) },
        { metric: 'linear probe, %', value: 100 * trained.accuracy, standardError: 100 * trained.standardError },
        { metric: 'the same of the untrained encoder, %', value: 100 * untrained.accuracy },
      ],
      details: { trained, untrained },
      notes: [
        `Logistic regression on the mean of the encoder's ${trained.features} numbers over all patches; it learns from ` +
          `${trained.trainedOn} labelled images and is measured on ${trained.images} test images.`,
      ],
    };
  },
});
