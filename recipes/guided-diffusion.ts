import { type ImageFigures, type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { classRows, distanceNote, drawnFigures, pixelScales, samplesAt, smokeUNet } from './diffusion.helper.js';

/** Guidance on Fashion-MNIST: more of the class, and less of everything else. */

const figure = { metric: 'samples read as the class asked for', target: 0.85, direction: 'at least' } as const;
const headline = 2;

async function measure(trained: TrainedImages): Promise<ImageFigures> {
  const draw = await drawnFigures(trained);
  const steps = trained.scale === 'smoke' ? 3 : 25;
  const samples = samplesAt(trained.scale, { cpu: 500, gpu: 5000 });
  const drawn = [];
  for (const guidance of [1, headline, 4]) drawn.push({ guidance, figures: await draw(samples, { steps, guidance }) });
  const { figures } = drawn.find(({ guidance }) => guidance === headline)!;
  return {
    rows: [
      ...classRows(figures, figure),
      ...drawn.flatMap(({ guidance, figures: { classes, distances } }) => [
        { metric: `as asked, guidance ${guidance}`, value: classes.asAsked!.accuracy },
        { metric: `Fréchet distance, guidance ${guidance}`, value: distances.frechet },
        { metric: `recall, guidance ${guidance}`, value: distances.recall },
      ]),
    ],
    details: { drawn, steps },
    notes: [
      `${samples} images drawn with the averaged weights in ${steps} steps of DPM-Solver++; the headline has guidance ${headline}.`,
      distanceNote(figures.distances),
    ],
  };
}

export const recipe = imageRecipe({
  name: 'guided-diffusion',
  title: 'guided diffusion on Fashion-MNIST, by class',
  source:
    'Ho & Salimans 2022, arXiv:2207.12598; Dhariwal & Nichol 2021, arXiv:2105.05233; held against what a classifier reads in its samples',
  ...figure,
  data: 'fashion-mnist',
  smokeModel: smokeUNet,
  scales: pixelScales({}),
  measure,
});
