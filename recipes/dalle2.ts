import { imageRecipe } from '../src/cli/image-recipe.js';
import { digitFigure, measureTextToImage } from './text-to-image.helper.js';

/** DALL-E 2's chain on captioned digits: a caption's point, the point of an image for it, an image for that. */

export const recipe = imageRecipe({
  name: 'dalle2',
  title: "text to image through CLIP's space, on MNIST with captions",
  source: 'Ramesh et al. 2022, arXiv:2204.06125; the paper has no such small model: the targets are ours',
  ...digitFigure,
  data: 'mnist-captions',
  smokeData: 'mnist-captions',
  smokeModel: {
    ...{ patch: 4, channels: [16], attention: [], drawingSteps: 3 },
    clip: { channels: [4, 8], imageWidth: 16, textLayers: 1, textWidth: 16, textHeads: 2, embedding: 8 },
    prior: { layers: 1, width: 16, heads: 2, drawingSteps: 2 },
  },
  scales: {
    cpu: {
      about:
        'encoders of 16 to 64 channels, a prior of two blocks of width 96, a U-Net of 48 and 96 channels, 4,000 steps',
      settings: {
        batchSize: 64,
        model: {
          ...{ patch: 2, channels: [48, 96], attention: [1] },
          clipShare: 0.25,
          clip: {
            ...{ channels: [16, 32, 64], imageWidth: 128, textLayers: 2, textWidth: 64, textHeads: 4 },
            ...{ embedding: 32, dropout: 0 },
          },
          prior: { layers: 2, width: 96, heads: 4 },
        },
        training: {
          steps: 4000,
          clipNorm: 1,
          evaluateEvery: 1000,
          sampleEvery: 2000,
          average: { decay: 0.998 },
          schedule: { kind: 'cosine', learningRate: 2e-3, warmupSteps: 100, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about:
        'encoders of 32 to 128 channels, a prior of four blocks of width 256, a U-Net of 64 to 256 channels, 60,000 steps',
      settings: {
        batchSize: 256,
        model: {
          ...{ channels: [64, 128, 256], blocks: 2, attention: [1, 2], dropout: 0.1 },
          clipShare: 0.2,
          clip: { channels: [32, 64, 128], textLayers: 3, textWidth: 128, embedding: 64 },
          prior: { layers: 4, width: 256, heads: 8 },
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
