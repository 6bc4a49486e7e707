import { type ImageFigures, type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { ddpmScales, distanceNote, drawnFigures, samplesAt, smokeUNet } from './diffusion.helper.js';

/** Denoising diffusion on MNIST, of a class that is asked for. */

const figure = { metric: 'samples read as the class asked for', target: 0.97, direction: 'at least' } as const;

async function measure(trained: TrainedImages): Promise<ImageFigures> {
  const draw = await drawnFigures(trained);
  const denoising = { steps: trained.scale === 'smoke' ? 4 : 50, sampler: 'ddim', guidance: 2 } as const;
  const samples = samplesAt(trained.scale, { cpu: 500, gpu: 5000 });
  const { distances, classes } = await draw(samples, denoising);
  const density = await trained.open.density(trained.test, { ...(trained.signal && { signal: trained.signal }) });
  return {
    rows: [
      { ...figure, value: classes.asAsked!.accuracy, standardError: classes.asAsked!.standardError },
      { metric: 'test images read as their class', value: classes.onTestImages.accuracy },
      { metric: `Fréchet distance, ${distances.images} images`, value: distances.frechet },
      { metric: 'the same, of training images', value: distances.floor.frechet },
      {
        metric: 'bits per dimension, at most',
        value: density.bitsPerDimension!,
        standardError: density.standardError / (784 * Math.LN2),
      },
    ],
    details: { distances, classes, density, denoising },
    notes: [
      `${samples} images drawn with the averaged weights in ${denoising.steps} steps of DDIM, guidance ${denoising.guidance}.`,
      distanceNote(distances),
      'The bound is by one step of each test image, given its class.',
    ],
  };
}

export const recipe = imageRecipe({
  name: 'ddpm',
  title: 'denoising diffusion on MNIST, by class',
  source:
    'Ho et al. 2020, arXiv:2006.11239; Nichol & Dhariwal 2021, arXiv:2102.09672; Ho & Salimans 2022, arXiv:2207.12598; held against what a classifier reads in its samples',
  ...figure,
  smokeModel: smokeUNet,
  scales: ddpmScales,
  measure,
});
