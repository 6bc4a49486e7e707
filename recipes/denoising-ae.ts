import { imageRecipe } from '../src/cli/image-recipe.js';
import { similarity } from '../src/evaluation/image-similarity.js';

/** The denoising auto-encoder on MNIST: half of the pixels are taken away, and asked back. */

const figure = {
  metric: 'squared error that is left, share of what the corruption made',
  target: 0.2,
  direction: 'at most',
} as const;

export const recipe = imageRecipe({
  name: 'denoising-ae',
  title: 'denoising auto-encoder of MNIST, half of the pixels masked',
  source: 'Vincent et al. 2008; the paper gives no such figure: the target is ours',
  ...figure,
  model: 'autoencoder',
  scales: {
    cpu: {
      about: 'two hidden layers of 512, 128 latents, batch 128, 20,000 steps',
      settings: {
        model: { width: 512, layers: 2, latents: 128, corruption: 'masking', amount: 0.5 },
        batchSize: 128,
        training: {
          steps: 20_000,
          clipNorm: null,
          evaluateEvery: 20_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'three hidden layers of 1024, 256 latents, batch 256, 60,000 steps',
      settings: {
        model: { width: 1024, layers: 3, latents: 256, corruption: 'masking', amount: 0.5 },
        batchSize: 256,
        training: {
          clipNorm: 1,
          steps: 60_000,
          evaluateEvery: 60_000,
          sampleEvery: 60_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async ({ open, test, signal }) => {
    const { originals, seen, images } = await open.restore(test, { ...(signal && { signal }) });
    const shape = { ...test, largest: 255 };
    const left = similarity(originals, images, shape);
    const made = similarity(originals, seen, shape);
    return {
      rows: [
        { ...figure, value: left.meanSquaredError / made.meanSquaredError },
        { metric: 'peak signal to noise, dB', value: left.peakSignalToNoise },
        { metric: 'the same of the corrupted images, dB', value: made.peakSignalToNoise },
        { metric: 'structural similarity', value: left.structuralSimilarity! },
      ],
      details: { restored: left, corrupted: made },
      notes: [`Over ${test.count} test images, half of whose pixels were made black.`],
    };
  },
});
