import { imageRecipe } from '../src/cli/image-recipe.js';
import { sliceImages } from '../src/data/images/image-set.js';
import { imageSetOf } from '../src/evaluation/extractor.js';
import { trainJudge } from './judge.helper.js';
import { probes } from './probe.helper.js';

/** Image GPT on MNIST: tokens of 2 x 2 pixels. */

const figure = {
  metric: 'completed lower halves that are read as the true digit, %',
  target: 70,
  direction: 'at least',
} as const;
const probe = { metric: 'linear probe of the middle block, %', target: 90, direction: 'at least' } as const;

export const recipe = imageRecipe({
  name: 'image-gpt',
  title: 'image GPT on MNIST, tokens of a palette',
  source:
    'Chen et al. 2020, Generative Pretraining from Pixels; the paper has no such small model: the targets are ours',
  ...figure,
  smokeModel: { layers: 1, heads: 2, width: 16, palette: 8 },
  scales: {
    cpu: {
      about: 'four blocks of width 128, 196 tokens an image, batch 16, 6,400 steps',
      settings: {
        model: { patch: 2, palette: 64, layers: 4, heads: 4, width: 128 },
        batchSize: 16,
        evaluationImages: 250,
        training: {
          clipNorm: 1,
          steps: 6400,
          evaluateEvery: 800,
          sampleEvery: 6400,
          schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 150, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about: '784 tokens of one pixel, eight blocks of width 256, batch 64, 60,000 steps',
      settings: {
        model: { patch: 1, palette: 16, layers: 8, heads: 8, width: 256, dropout: 0.1 },
        batchSize: 64,
        training: {
          clipNorm: 1,
          steps: 60_000,
          evaluateEvery: 5000,
          sampleEvery: 20_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 1000, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async (trainedImages) => {
    const { open, test, scale, signal } = trainedImages;
    const judge = await trainJudge(trainedImages);
    const shown = sliceImages(test, 0, scale === 'smoke' ? 4 : 1000);
    const { completions } = await open.complete(shown, { keep: 0.5, seed: 1, ...(signal && { signal }) });
    const completed = imageSetOf(completions[0]!, { ...shown, largest: 255, name: 'completions' });
    const accuracy = await judge(completed);
    const reality = await judge(shown);
    const { trained, untrained } = await probes(trainedImages, scale === 'smoke' ? 64 : 10_000);
    const density = await open.density(test, { ...(signal && { signal }) });
    return {
      rows: [
        { ...figure, value: 100 * accuracy.accuracy, standardError: 100 * accuracy.standardError },
        { ...probe, value: 100 * trained.accuracy, standardError: 100 * trained.standardError },
        { metric: 'the same of the untrained model, %', value: 100 * untrained.accuracy },
        { metric: 'the classifier on the originals, %', value: 100 * reality.accuracy },
        { metric: '−log p of the tokens, nats per image', value: density.nats, standardError: density.standardError },
      ],
      details: { accuracy, reality, trained, untrained, density },
      notes: [
        `The upper halves of ${completed.count} test images are given as tokens and the rest is drawn at temperature 1, ` +
          'once each; the model is told no class. The classifier learnt from the training images alone.',
        `The probe reads the mean of the middle block over all tokens; it learns from ${trained.trainedOn} labelled images.`,
        'The likelihood is of the tokens, not of the pixels: it compares with that of equal tokens alone.',
      ],
    };
  },
});
