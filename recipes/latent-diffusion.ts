import { type ImageFigures, type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { dimensions, sliceImages } from '../src/data/images/image-set.js';
import { similarity } from '../src/evaluation/image-similarity.js';
import { classRows, distanceNote, drawnFigures, latentScales, samplesAt } from './diffusion.helper.js';

/** Diffusion over codes of a quarter as many numbers as there are pixels, on Fashion-MNIST. */

const figure = { metric: 'samples read as the class asked for', target: 0.85, direction: 'at least' } as const;

async function measure(trained: TrainedImages): Promise<ImageFigures> {
  const { open, test, scale, signal } = trained;
  const draw = await drawnFigures(trained);
  const samples = samplesAt(scale, { cpu: 1000, gpu: 5000 });
  const denoising = { guidance: 2, ...(scale === 'smoke' && { steps: 3 }) };
  const drawn = await draw(samples, denoising);
  const shown = sliceImages(test, 0, 1000);
  const { originals, images } = await open.reconstruct(shown, { ...(signal && { signal }) });
  const likeness = similarity(originals, images, { ...open.images, largest: 255 });
  const numbers = open.model.denoiser!.shape.reduce((product, length) => product * length, 1);
  return {
    rows: [
      ...classRows(drawn, figure),
      { metric: 'PSNR of reconstructions, dB', value: likeness.peakSignalToNoise },
      { metric: 'numbers of a code', value: numbers },
    ],
    details: { drawn, denoising, likeness },
    notes: [
      `${samples} images drawn with the averaged weights in ${denoising.steps ?? open.model.denoiser!.steps} steps of Heun's method, guidance ${denoising.guidance}.`,
      `A code has ${numbers} numbers for ${dimensions(open.images)} pixels.`,
      distanceNote(drawn.distances),
    ],
  };
}

export const recipe = imageRecipe({
  name: 'latent-diffusion',
  title: 'latent diffusion on Fashion-MNIST, by class',
  source: 'Rombach et al. 2022, arXiv:2112.10752; held against what a classifier reads in its samples',
  ...figure,
  data: 'fashion-mnist',
  smokeModel: { channels: [8], blocks: 1, drawingSteps: 3, codec: { width: 8 } },
  scales: latentScales,
  measure,
});
