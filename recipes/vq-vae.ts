import { imageRecipe, measureDensity } from '../src/cli/image-recipe.js';
import { similarity } from '../src/evaluation/image-similarity.js';

/** The VQ-VAE on MNIST: 49 codes an image, and a gated PixelCNN over them. */

const figure = { metric: 'bits per dimension, at most', target: 1.5, direction: 'at most' } as const;

export const recipe = imageRecipe({
  name: 'vq-vae',
  title: 'VQ-VAE on MNIST, 7 x 7 codes of 128, with a gated PixelCNN as prior',
  source: 'van den Oord et al. 2017, arXiv:1711.00937; the paper has no such small model: the target is ours',
  ...figure,
  smokeModel: { width: 8, codes: 16, codeSize: 4, prior: { width: 8, layers: 2, hidden: 16 } },
  scales: {
    cpu: {
      about: '48 channels, batch 64, 7,000 steps of the auto-encoder, then 7,000 of the prior',
      settings: {
        model: { width: 48, blocks: 2 },
        batchSize: 64,
        training: {
          steps: 14_000,
          clipNorm: 100,
          evaluateEvery: 1000,
          sampleEvery: 4000,
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about: '128 channels, 512 codes, batch 256, 40,000 steps of the auto-encoder, then 40,000 of the prior',
      settings: {
        model: { width: 128, blocks: 2, codes: 512, codeSize: 64, prior: { width: 128, layers: 10, hidden: 512 } },
        batchSize: 256,
        training: {
          steps: 80_000,
          evaluateEvery: 8000,
          sampleEvery: 40_000,
          clipNorm: 100,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async (trained) => {
    const { open, test, signal } = trained;
    const { rows, details } = await measureDensity('bitsPerDimension', figure)(trained);
    const { originals, images } = await open.reconstruct(test, { ...(signal && { signal }) });
    const found = similarity(originals, images, { ...test, largest: 255 });
    return {
      rows: [
        ...rows,
        { metric: 'peak signal to noise of reconstructions, dB', value: found.peakSignalToNoise },
        { metric: 'structural similarity of reconstructions', value: found.structuralSimilarity! },
      ],
      details: { ...details, similarity: found },
      notes: [`An upper bound, over ${test.count} test images of 256 levels: the image's own codes alone are counted.`],
    };
  },
});
