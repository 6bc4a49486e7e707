import { imageRecipe } from '../src/cli/image-recipe.js';
import { classifierAccuracy } from '../src/evaluation/classification.js';

/** The classifier that judges samples of digits: what it misreads, no figure of theirs can be better than. */

const figure = { metric: 'test accuracy', target: 0.99, direction: 'at least' } as const;

export const recipe = imageRecipe({
  name: 'classifier',
  title: 'the judge of samples: a small convolutional classifier on MNIST',
  source:
    'LeCun et al. 1998, Gradient-based learning applied to document recognition: LeNet-5 without distortions, 99.05%',
  ...figure,
  scales: {
    cpu: {
      about: 'three convolutions of 32 and 64 channels, 128 features, batch 128, 3,600 steps',
      settings: {
        batchSize: 128,
        training: {
          steps: 3600,
          clipNorm: null,
          evaluateEvery: 600,
          optimizer: { weightDecay: 0.01 },
          schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 50, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'three convolutions of 64 and 128 channels, 256 features, batch 128, 40 epochs',
      settings: {
        model: { width: 64, features: 256 },
        batchSize: 128,
        training: {
          steps: 18_400,
          clipNorm: null,
          evaluateEvery: 2300,
          optimizer: { weightDecay: 0.01 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 200, finalFraction: 0.01 },
        },
      },
    },
  },
  smokeModel: { width: 4, features: 8 },
  measure: async ({ open, test, signal }) => {
    const { engine, weights, model, data } = open;
    const judged = await classifierAccuracy({
      ...open.batches(test),
      ...{ engine, weights, parameters: model.parameters, classifier: model.classifier!, classes: data.classes },
      ...(signal && { signal }),
    });
    const { accuracy: value, standardError, images } = judged;
    return { rows: [{ ...figure, value, standardError }], notes: [`Over ${images} test images; pixels: bytes.`] };
  },
});
