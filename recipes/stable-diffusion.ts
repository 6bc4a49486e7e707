import { imageRecipe } from '../src/cli/image-recipe.js';
import { digitFigure, measureTextToImage } from './text-to-image.helper.js';

/** Latent diffusion from text on captioned digits. */

export const recipe = imageRecipe({
  name: 'stable-diffusion',
  title: 'text to image by latent diffusion, on MNIST with captions',
  source: 'Rombach et al. 2022, arXiv:2112.10752; the paper has no such small model: the targets are ours',
  ...digitFigure,
  data: 'mnist-captions',
  smokeData: 'mnist-captions',
  smokeModel: {
    ...{ channels: [8], blocks: 1, codec: { width: 8 }, drawingSteps: 3 },
    ...{ textLayers: 1, textWidth: 16, textHeads: 2 },
  },
  scales: {
    cpu: {
      about: '4 numbers in each place of 7 x 7, a U-Net of 64 channels, two blocks of width 64 for text, 3,200 steps',
      settings: {
        batchSize: 64,
        model: { textWidth: 64, codec: { share: 0.25 } },
        training: {
          steps: 3200,
          clipNorm: 1,
          evaluateEvery: 3200,
          sampleEvery: 1600,
          average: { decay: 0.998 },
          schedule: { kind: 'cosine', learningRate: 2e-3, warmupSteps: 100, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about:
        '4 numbers in each place of 7 x 7, a U-Net of 256 channels, four blocks of width 256 for text, 60,000 steps',
      settings: {
        batchSize: 256,
        model: {
          ...{ channels: [256], codec: { width: 64, blocks: 2 } },
          ...{ textLayers: 4, textWidth: 256, textHeads: 8 },
        },
        training: {
          steps: 60_000,
          clipNorm: 1,
          evaluateEvery: 10_000,
          sampleEvery: 20_000,
          average: { decay: 0.9999 },
          schedule: { kind: 'cosine', learningRate: 5e-4, warmupSteps: 1000, finalFraction: 0.02 },
        },
      },
    },
  },
  measure: measureTextToImage,
});
