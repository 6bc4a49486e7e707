import { type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { modelExtractor } from '../src/cli/image-evaluation.js';
import { imageSetOf } from '../src/evaluation/extractor.js';
import { setFigures } from '../src/evaluation/set-figures.js';
import { enlargingOf } from './enlarging.helper.js';
import { openJudge } from './judge.helper.js';

/**
 * Fashion-MNIST enlarged four times by a game: 7 x 7 pixels to 28 x 28. What a game is for is that enlarged images look
 * like images, which their distance from the originals as a set says; that of single pixels it pays for.
 */

const figure = {
  metric: 'Fréchet distance from the originals, as a share of that of bicubic enlargement',
  target: 0.25,
  direction: 'at most',
} as const;

async function measure(trained: TrainedImages) {
  const { open, source, signal } = trained;
  const judge = await openJudge(trained);
  const { upscaler, images, small, bicubic, likeness, consistency, picture } = await enlargingOf(trained);
  const [large] = await upscaler.enlarge({ small, signal });
  const distance = (values: Float32Array) =>
    setFigures({
      extractor: modelExtractor(judge),
      made: imageSetOf(values, { ...open.images, largest: 255, name: 'enlarged' }),
      test: images,
      train: source.train,
      pixels: open.images.pixels,
      ...(signal && { signal }),
    });
  const [ours, plain] = [likeness(large!), likeness(bicubic)];
  const [ofOurs, ofPlain] = [await distance(large!), await distance(bicubic)];
  return {
    rows: [
      { ...figure, value: ofOurs.frechet / ofPlain.frechet },
      { metric: 'Fréchet distance from the originals', value: ofOurs.frechet },
      { metric: 'the same of bicubic enlargement', value: ofPlain.frechet },
      { metric: 'the same of as many training images', value: ofOurs.floor.frechet },
      { metric: 'PSNR, dB', value: ours.peakSignalToNoise },
      { metric: 'PSNR of bicubic, dB', value: plain.peakSignalToNoise },
      { metric: 'SSIM', value: ours.structuralSimilarity ?? NaN },
      { metric: 'SSIM of bicubic', value: plain.structuralSimilarity ?? NaN },
      { metric: 'low-resolution consistency, dB', value: await consistency(large!) },
    ],
    details: { enlarged: ofOurs, bicubic: ofPlain },
    notes: [
      `Over ${images.count} test images; PSNR is the mean over images. Distances by ${ofOurs.extractor.features} features of a classifier of the same data.`,
      'The picture, from left: small, bicubic, enlarged, original.',
    ],
    pictures: { enlarged: picture([large!]) },
  };
}

export const recipe = imageRecipe({
  name: 'super-resolution-gan',
  title: 'Fashion-MNIST enlarged by a GAN, 7 x 7 to 28 x 28',
  source:
    'Ledig et al. 2017, arXiv:1609.04802, whose figures are of photographs; held against bicubic interpolation of the same small images',
  ...figure,
  data: 'fashion-mnist',
  smokeModel: { width: 8, blocks: 1, fine: 4, discriminatorWidth: 4, pretraining: 0.5 },
  scales: {
    cpu: {
      about: 'six residual blocks of 48 channels, batch 64, 2,100 steps of pixels, then 4,900 of the game',
      settings: {
        batchSize: 64,
        training: {
          steps: 7000,
          clipNorm: null,
          evaluateEvery: 7000,
          sampleEvery: 7000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 50, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about: 'sixteen residual blocks of 64 channels, batch 128, 15,000 steps of pixels, then 35,000 of the game',
      settings: {
        batchSize: 128,
        model: { width: 64, blocks: 16, fine: 16, discriminatorWidth: 64 },
        training: {
          steps: 50_000,
          clipNorm: null,
          evaluateEvery: 50_000,
          sampleEvery: 50_000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 200, finalFraction: 0.01 },
        },
      },
    },
  },
  measure,
});
