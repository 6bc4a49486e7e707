import type { TrainedImages } from '../src/cli/image-recipe.js';
import { sliceImages } from '../src/data/images/image-set.js';
import { type ProbeFigure, type ProbeOptions, fineTune, linearProbe } from '../src/evaluation/probe.js';
import { initialise } from '../src/nn/parameters.js';

/** What a probe of a trained model needs, with so many labelled images to learn from. */
const optionsOf = ({ open, source, test, scale, signal }: TrainedImages, labelled: number): ProbeOptions => ({
  engine: open.engine,
  model: open.model,
  values: open.values,
  pixels: open.images.pixels,
  train: sliceImages(source.train, 0, labelled),
  test,
  ...(scale === 'smoke' && { epochs: 1, batchSize: 16 }),
  ...(signal && { signal }),
});

/** Linear probes of a model as trained and as it was before. */
export async function probes(
  trained: TrainedImages,
  labelled = trained.source.train.count,
): Promise<{ trained: ProbeFigure; untrained: ProbeFigure }> {
  const options = optionsOf(trained, labelled);
  const before = { ...options, values: initialise(trained.open.model.parameters, trained.config.seed) };
  return { trained: (await linearProbe(options)).figure, untrained: (await linearProbe(before)).figure };
}

/** A model trained on with few labels, from a probe that learnt from the same ones. */
export async function fineTuned(trained: TrainedImages, labelled: number): Promise<ProbeFigure> {
  const options = optionsOf(trained, labelled);
  return fineTune(options, await linearProbe(options));
}
