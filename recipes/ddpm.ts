import { type ImageFigures, type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { classRows, ddpmScales, distanceNote, drawnFigures, samplesAt, smokeUNet } from './diffusion.helper.js';

/** Denoising diffusion on MNIST, of a class that is asked for. */

const figure = { metric: 'samples read as the class asked for', target: 0.97, direction: 'at least' } as const;

async function measure(trained: TrainedImages): Promise<ImageFigures> {
  const draw = await drawnFigures(trained);
  const denoising = { steps: trained.scale === 'smoke' ? 4 : 50, sampler: 'ddim', guidance: 3 } as const;
  const samples = samplesAt(trained.scale, { cpu: 500, gpu: 5000 });
  const drawn = await draw(samples, denoising);
  const unguided = await draw(samples, { ...denoising, guidance: 1 });
  const { distances, classes } = drawn;
  const density = await trained.open.density(trained.test, { ...(trained.signal && { signal: trained.signal }) });
  const bits = density.bitsPerDimension!;
  return {
    rows: [
      ...classRows(drawn, figure),
      { metric: 'Fréchet distance, without guidance', value: unguided.distances.frechet },
      { metric: 'as asked, without guidance', value: unguided.classes.asAsked!.accuracy },
      {
        metric: 'bits per dimension, at most',
        value: bits,
        standardError: (density.standardError * bits) / density.nats,
      },
    ],
    details: { distances, classes, unguided, density, denoising },
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
