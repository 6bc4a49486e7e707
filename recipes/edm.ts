import { type ImageFigures, type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { distanceNote, drawnFigures, pixelScales, samplesAt, smokeUNet } from './diffusion.helper.js';

/** EDM on MNIST: few steps of second order are as good as many. */

const figure = {
  metric: 'Fréchet distance of 35 evaluations over that of 127',
  target: 1.1,
  direction: 'at most',
} as const;

async function measure(trained: TrainedImages): Promise<ImageFigures> {
  const { scale } = trained;
  const draw = await drawnFigures(trained);
  const samples = samplesAt(scale, { cpu: 500, gpu: 5000 });
  const [many, few] = scale === 'smoke' ? [4, 3] : [64, 18];
  const long = await draw(samples, { steps: many, sampler: 'heun' });
  const short = await draw(samples, { steps: few, sampler: 'heun' });
  const euler = await draw(samples, { steps: 2 * few - 1, sampler: 'euler' });
  const solver = await draw(samples, { steps: few, sampler: 'dpm++' });
  const evaluations = (steps: number): number => 2 * steps - 1;
  return {
    rows: [
      { ...figure, value: short.distances.frechet / long.distances.frechet },
      { metric: `Fréchet distance, Heun, ${evaluations(few)} evaluations`, value: short.distances.frechet },
      { metric: `Fréchet distance, Heun, ${evaluations(many)} evaluations`, value: long.distances.frechet },
      { metric: `Fréchet distance, Euler, ${2 * few - 1} evaluations`, value: euler.distances.frechet },
      { metric: `Fréchet distance, DPM-Solver++, ${few} evaluations`, value: solver.distances.frechet },
      {
        metric: `Fréchet distance of training images, ${short.distances.images} images`,
        value: short.distances.floor.frechet,
      },
      { metric: 'samples read as the class asked for', value: short.classes.asAsked!.accuracy },
    ],
    details: { long, short, euler, solver },
    notes: [
      distanceNote(short.distances),
      'Drawn with the averaged weights, without guidance, of every class in turn.',
    ],
  };
}

export const recipe = imageRecipe({
  name: 'edm',
  title: 'EDM on MNIST, in 35 evaluations',
  source:
    'Karras et al. 2022, arXiv:2206.00364, who draw CIFAR-10 in 35 evaluations; held against the same model in many more',
  ...figure,
  smokeModel: smokeUNet,
  scales: pixelScales({}),
  measure,
});
