import { type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { enlargingOf } from './enlarging.helper.js';

/** SRFlow on Fashion-MNIST: 7 x 7 pixels to 28 x 28. */

const figure = { metric: 'PSNR over bicubic, dB, temperature 0', target: 0, direction: 'at least' } as const;
const samples = 4;

/** Fidelity at temperature 0, and what the samples at 0.9 share with the small image and not with each other. */
async function measure(trained: TrainedImages) {
  const { signal } = trained;
  const { upscaler, images, small, bicubic, likeness, consistency, picture } = await enlargingOf(trained);
  const [middle] = await upscaler.enlarge({ small, temperature: 0, signal });
  const drawn = await upscaler.enlarge({ small, temperature: 0.9, samples, signal });
  const [ours, plain, sampled] = [likeness(middle!), likeness(bicubic), likeness(drawn[0]!)];
  const diversity = deviationAmong(drawn);
  return {
    rows: [
      { ...figure, value: ours.peakSignalToNoise - plain.peakSignalToNoise },
      { metric: 'PSNR, dB, temperature 0', value: ours.peakSignalToNoise },
      { metric: 'PSNR of bicubic, dB', value: plain.peakSignalToNoise },
      { metric: 'SSIM, temperature 0', value: ours.structuralSimilarity ?? NaN },
      { metric: 'SSIM of bicubic', value: plain.structuralSimilarity ?? NaN },
      { metric: 'PSNR, dB, temperature 0.9', value: sampled.peakSignalToNoise },
      {
        metric: 'low-resolution consistency, dB, temperature 0.9',
        value: await consistency(drawn[0]!),
        target: 40,
        direction: 'at least' as const,
      },
      { metric: 'deviation among samples, grey levels, temperature 0.9', value: diversity },
    ],
    notes: [
      `Over ${images.count} test images; PSNR is the mean over images.`,
      'Low-resolution consistency is high almost by construction, not by learning: the flow draws only the coefficients of each ' +
        'block of pixels that are orthogonal to its mean, and the means are the small image. What clipping to 0 and 255 takes ' +
        'from a mean is given back by projection; what is left is that, and the rounding to whole numbers.',
      'The picture, from left: small, bicubic, temperature 0, four at 0.9, original.',
    ],
    pictures: { enlarged: picture([middle!, ...drawn]) },
  };
}

/** Root of the mean variance of a pixel among the samples of one image. */
function deviationAmong(drawn: readonly Float32Array[]): number {
  let total = 0;
  const [first] = drawn as [Float32Array];
  for (let at = 0; at < first.length; at++) {
    const mean = drawn.reduce((sum, values) => sum + values[at]!, 0) / drawn.length;
    total += drawn.reduce((sum, values) => sum + (values[at]! - mean) ** 2, 0) / (drawn.length - 1);
  }
  return Math.sqrt(total / first.length);
}

export const recipe = imageRecipe({
  name: 'sr-flow',
  title: 'SRFlow on Fashion-MNIST, 7 x 7 to 28 x 28',
  source:
    'Lugmayr et al. 2020, arXiv:2006.14200, who reach 27.09 dB on photographs enlarged four times; held against bicubic interpolation of the same small images',
  ...figure,
  data: 'fashion-mnist',
  smokeModel: { steps: 1, width: 8, features: 8, blocks: 1 },
  scales: {
    cpu: {
      about: 'eight steps of flow, batch 64, 5,000 steps',
      settings: {
        batchSize: 64,
        training: {
          steps: 5000,
          clipNorm: 1,
          evaluateEvery: 1000,
          sampleEvery: 5000,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 50, finalFraction: 0.02 },
        },
      },
    },
    gpu: {
      about: 'sixteen steps of flow, networks of 128 channels, eight residual blocks of 96, batch 64, 100,000 steps',
      settings: {
        model: { steps: 16, width: 128, features: 96, blocks: 8 },
        batchSize: 64,
        training: {
          steps: 100_000,
          clipNorm: 1,
          evaluateEvery: 5000,
          sampleEvery: 50_000,
          average: { decay: 0.9995 },
          schedule: { kind: 'cosine', learningRate: 5e-4, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure,
});
