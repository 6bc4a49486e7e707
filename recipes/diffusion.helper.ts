import { type ClassFigures, judgeSamples, modelExtractor } from '../src/cli/image-evaluation.js';
import type { ImageRecipe, TrainedImages } from '../src/cli/image-recipe.js';
import type { RecipeRow } from '../src/cli/recipe.js';
import type { OpenImageModel } from '../src/cli/open-image-model.js';
import type { SetFigures } from '../src/evaluation/set-figures.js';
import type { DenoisingOptions } from '../src/sampling/images.js';
import { openJudge } from './judge.helper.js';

/** What is measured of samples of a diffusion model, drawn in one way or another. */

export interface DrawnFigures {
  readonly distances: SetFigures;
  readonly classes: ClassFigures;
}

/** Samples to draw: few in a smoke test. */
export const samplesAt = (scale: TrainedImages['scale'], { cpu, gpu }: { cpu: number; gpu: number }): number =>
  scale === 'smoke' ? 8 : scale === 'cpu' ? cpu : gpu;

/** Draws images of every class in turn, and measures them by what a classifier of the training images sees in them. */
export async function drawnFigures(trained: TrainedImages) {
  const { open, source, test, signal, say } = trained;
  const judge: OpenImageModel = await openJudge(trained);
  return async (samples: number, denoising: DenoisingOptions): Promise<DrawnFigures> => {
    const figures = await judgeSamples({
      ...{ open, train: source.train, test, samples, denoising, classifier: judge },
      extractors: [modelExtractor(judge)],
      ...(signal && { signal }),
      ...(say && { say }),
    });
    return { distances: figures.samples![0]!, classes: figures.classes! };
  };
}

/** What one has to know to read a Fréchet distance. */
export const distanceNote = ({ images, extractor, floor }: SetFigures): string =>
  `Fréchet distances are over ${images} images of each set, by the ${extractor.features} features of the recipe's own ` +
  `classifier (${extractor.hash}); as many training images are ${floor.frechet.toPrecision(3)} from the test images.`;

/** How often samples are of the class that was asked for, and how far all are from test images; the first is the headline. */
export const classRows = (
  { distances, classes }: DrawnFigures,
  figure: Pick<RecipeRow, 'metric' | 'target' | 'direction'>,
): RecipeRow[] => [
  { ...figure, value: classes.asAsked!.accuracy, standardError: classes.asAsked!.standardError },
  { metric: 'test images read as their class', value: classes.onTestImages.accuracy },
  { metric: `Fréchet distance, ${distances.images} images`, value: distances.frechet },
  { metric: 'the same, of training images', value: distances.floor.frechet },
];

/** What makes the U-Net of a smoke test small. */
export const smokeUNet = { patch: 4, channels: [16], attention: [0], drawingSteps: 3 };

/** A small U-Net, which sees 28 x 28 pixels as 14 x 14 blocks of four. */
const cpuUNet = { patch: 2, channels: [48, 96], attention: [1] };
const gpuUNet = { channels: [64, 128, 256], blocks: 2, attention: [1, 2], dropout: 0.1 };

const cpuTraining = (steps: number) => ({
  steps,
  clipNorm: 1,
  evaluateEvery: steps / 2,
  sampleEvery: steps / 2,
  average: { decay: 0.998 },
  schedule: { kind: 'cosine', learningRate: 2e-3, warmupSteps: 100, finalFraction: 0.02 },
});
const gpuTraining = {
  steps: 60_000,
  clipNorm: 1,
  evaluateEvery: 5000,
  sampleEvery: 20_000,
  average: { decay: 0.9999 },
  schedule: { kind: 'cosine', learningRate: 5e-4, warmupSteps: 1000, finalFraction: 0.02 },
};

/** A conditional model on pixels at both scales, with these settings beside those of its U-Net. */
export const pixelScales = (model: Readonly<Record<string, unknown>>, steps = 2000): ImageRecipe['scales'] => ({
  cpu: {
    about: `a U-Net of 48 and 96 channels on blocks of 2 x 2 pixels, batch 64, ${steps.toLocaleString('en')} steps`,
    settings: { batchSize: 64, model: { conditional: true, ...cpuUNet, ...model }, training: cpuTraining(steps) },
  },
  gpu: {
    about: 'a U-Net of 64, 128 and 256 channels, batch 128, 60,000 steps',
    settings: { batchSize: 128, model: { conditional: true, ...gpuUNet, ...model }, training: gpuTraining },
  },
});

/** The model that the recipes ddpm and ddim have in common. */
export const ddpmScales = pixelScales({ prediction: 'velocity', variance: 'learned' }, 3200);

/** Latent diffusion, whose auto-encoder has a third of the steps. */
export const latentScales: ImageRecipe['scales'] = {
  cpu: {
    about: '4 numbers in each place of 7 x 7, a U-Net of 64 channels, batch 64, 5,000 steps of both parts',
    settings: { batchSize: 64, model: { conditional: true }, training: cpuTraining(5000) },
  },
  gpu: {
    about: '4 numbers in each place of 7 x 7, a U-Net of 256 channels, batch 128, 60,000 steps of both parts',
    settings: {
      batchSize: 128,
      model: { conditional: true, channels: [256], codec: { width: 64, blocks: 2 } },
      training: gpuTraining,
    },
  },
};
