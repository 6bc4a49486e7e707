import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** PixelRNN with Row LSTMs on MNIST with pixels drawn anew each time. */

const figure = { metric: 'negative log-likelihood, nats per image', target: 90, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'pixel-rnn',
  title: 'PixelRNN (Row LSTM) on binarised MNIST',
  source: 'van den Oord et al. 2016, arXiv:1601.06759, whose PixelCNN is at 81.30 nats; at cpu scale 90, as for that',
  ...figure,
  smokeModel: { layers: 1, width: 4, hidden: 8 },
  scales: {
    cpu: {
      about: '3 Row LSTMs of 16 units, batch 16, 11,000 steps',
      settings: {
        batchSize: 16,
        model: { layers: 3, width: 16 },
        training: {
          steps: 11_000,
          clipNorm: 500,
          evaluateEvery: 1000,
          sampleEvery: 5500,
          schedule: { kind: 'cosine', learningRate: 2e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: '7 Row LSTMs of 32 units, batch 64, 100 epochs',
      settings: {
        batchSize: 64,
        model: { layers: 7, width: 32, hidden: 128 },
        training: {
          steps: 92_000,
          clipNorm: 500,
          evaluateEvery: 4600,
          sampleEvery: 23_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('nats', figure),
});
