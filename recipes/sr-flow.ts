import { dimensions, sliceImages } from '../src/data/images/image-set.js';
import { interleave } from '../src/cli/image-pictures.js';
import { type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { enlargedPlainly } from '../src/cli/upscale-strip.js';
import { similarity } from '../src/evaluation/image-similarity.js';
import { encodePng, grid } from '../src/formats/pictures.js';
import { imageUpscaler } from '../src/sampling/upscale.js';

/** SRFlow on Fashion-MNIST: 7 x 7 pixels to 28 x 28. */

const figure = { metric: 'PSNR over bicubic, dB, temperature 0', target: 0, direction: 'at least' } as const;
const samples = 4;
const shown = 8;

/** Fidelity at temperature 0, and what the samples at 0.9 share with the small image and not with each other. */
async function measure({ open, test, signal }: TrainedImages) {
  const { engine, model, data, weights } = open;
  const upscaler = await imageUpscaler({ engine, model, data, weights, batchSize: Math.min(100, test.count) });
  const images = sliceImages(test, 0, 2000);
  const shape = { channels: data.channels, height: data.height, width: data.width };
  const smallShape = { ...shape, height: data.height / upscaler.factor, width: data.width / upscaler.factor };
  const originals = Float32Array.from(images.pixels);
  const small = await upscaler.reduce(originals, signal);
  const [middle] = await upscaler.enlarge({ small, temperature: 0, signal });
  const drawn = await upscaler.enlarge({ small, temperature: 0.9, samples, signal });
  const bicubic = enlargedPlainly(small, smallShape, shape, 'bicubic');
  const likeness = (other: Float32Array) => similarity(originals, other, { ...shape, largest: 255 });
  const [ours, plain, sampled] = [middle!, bicubic, drawn[0]!].map(likeness) as [
    ReturnType<typeof likeness>,
    ReturnType<typeof likeness>,
    ReturnType<typeof likeness>,
  ];
  // Over all images together: of one alone, equal images would make it infinite.
  const again = await upscaler.reduce(drawn[0]!, signal);
  const squared = small.reduce((sum, value, at) => sum + (value - again[at]!) ** 2, 0) / small.length;
  const consistency = 10 * Math.log10(255 ** 2 / Math.max(squared, 1e-9));
  const diversity = deviationAmong(drawn);
  const columns = [enlargedPlainly(small, smallShape, shape, 'nearest'), bicubic, middle!, ...drawn, originals];
  const size = dimensions(shape);
  const values = interleave(
    columns.map((column) => column.subarray(0, shown * size)),
    Math.min(shown, images.count),
    1,
  );
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
        value: consistency,
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
    pictures: { enlarged: encodePng(grid({ ...shape, values, largest: 255 }, { columns: columns.length, scale: 2 })) },
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
