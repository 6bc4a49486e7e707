import { imageRecipe } from '../src/cli/image-recipe.js';
import { fineTuned, probes } from './probe.helper.js';

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
      about: 'four blocks of width 128, a decoder of two of width 64, batch 128, 9,000 steps',
      settings: {
        model: { decoderLayers: 2 },
        flip: true,
        batchSize: 128,
        training: {
          clipNorm: 1,
          steps: 9000,
          evaluateEvery: 9000,
          optimizer: { beta2: 0.95, weightDecay: 0.05 },
          schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 200, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'six blocks of width 256, a decoder of four of width 128, batch 512, 50,000 steps',
      settings: {
        model: { layers: 6, width: 256, heads: 8, decoderLayers: 4, decoderWidth: 128 },
        batchSize: 512,
        flip: true,
        training: {
          clipNorm: 1,
          steps: 50_000,
          evaluateEvery: 50_000,
          sampleEvery: 50_000,
          optimizer: { beta2: 0.95, weightDecay: 0.05 },
          schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 2000, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async (trainedImages) => {
    const { trained, untrained } = await probes(trainedImages);
    const tuned = await fineTuned(trainedImages, 5000);
    const points = 100 * (trained.accuracy - untrained.accuracy);
    return {
      rows: [
        { ...figure, value: points, standardError: 100 * Math.hypot(trained.standardError, untrained.standardError) },
        { metric: 'linear probe, %', value: 100 * trained.accuracy, standardError: 100 * trained.standardError },
        { metric: 'the same of the untrained encoder, %', value: 100 * untrained.accuracy },
        {
          metric: 'fine-tuned on 5,000 labels, %',
          value: 100 * tuned.accuracy,
          standardError: 100 * tuned.standardError,
        },
      ],
      details: { trained, untrained, tuned },
      notes: [
        `Logistic regression on the mean of the encoder's ${trained.features} numbers over all patches; it learns from ` +
          `${trained.trainedOn} labelled images and is measured on ${trained.images} test images.`,
      ],
    };
  },
});
