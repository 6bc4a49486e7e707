import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';

/** Glow on MNIST as it is: bytes, 28 x 28. */

const figure = { metric: 'bits per dimension', target: 1.45, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'glow',
  title: 'Glow on MNIST, 8 bits, 28 x 28',
  source:
    'Kingma & Dhariwal 2018, arXiv:1807.03039; 1.05 bits when trained in full (survey of Kobyzev et al. 2020); held against 1.02 of a multi-scale flow with learned noise (UvA deep learning notebooks, tutorial 11) at gpu scale, and at cpu scale against 1.45 after a quarter of an hour',
  ...figure,
  smokeModel: {
    levels: [
      { squeeze: 2, steps: 1, width: 8 },
      { squeeze: 2, steps: 1, width: 8 },
    ],
  },
  scales: {
    cpu: {
      about: 'three scales, 16 steps of flow with splines, batch 64, 5,000 steps',
      settings: {
        batchSize: 64,
        model: {
          // The last scale is one pixel of 196 channels: it sees the whole digit.
          levels: [
            { squeeze: 2, steps: 4, width: 48 },
            { squeeze: 2, steps: 8, width: 96 },
            { squeeze: 7, steps: 4, width: 256 },
          ],
        },
        training: {
          steps: 5000,
          clipNorm: 100,
          evaluateEvery: 500,
          sampleEvery: 2500,
          schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 200, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      target: 1.02,
      about: 'three scales, 30 steps of flow with splines and learned noise, batch 128, 60,000 steps',
      settings: {
        batchSize: 128,
        model: {
          dequantisation: 'variational',
          levels: [
            { squeeze: 2, steps: 8, width: 128 },
            { squeeze: 2, steps: 16, width: 256 },
            { squeeze: 7, steps: 6, width: 512 },
          ],
        },
        training: {
          steps: 60_000,
          clipNorm: 100,
          evaluateEvery: 5000,
          sampleEvery: 20_000,
          average: { decay: 0.999 },
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: measureDensity('bitsPerDimension', figure, [
    'The last scale is one pixel of 196 channels, which change places in a fixed order between couplings; only the first two ' +
      'scales, of 4 and 8 channels, have the learned rotations of the paper. The inverse of a large triangle loses digits.',
  ]),
});
