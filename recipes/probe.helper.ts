import type { TrainedImages } from '../src/cli/image-recipe.js';
import { sliceImages } from '../src/data/images/image-set.js';
import { type ProbeFigure, linearProbe } from '../src/evaluation/probe.js';
import { initialise } from '../src/nn/parameters.js';

/** Linear probes of a model as trained and as it was before, on the labels of the training images. */
export async function probes(
  { open, source, test, config, scale, signal }: TrainedImages,
  /** Of the training images; fewer for a quicker probe. */
  most = source.train.count,
): Promise<{ trained: ProbeFigure; untrained: ProbeFigure }> {
  const { engine, model, images } = open;
  const probe = async (values: Readonly<Record<string, Float32Array>>): Promise<ProbeFigure> => {
    const { figure } = await linearProbe({
      ...{ engine, model, values, test, pixels: images.pixels },
      train: sliceImages(source.train, 0, most),
      ...(scale === 'smoke' && { epochs: 1, batchSize: 16 }),
      ...(signal && { signal }),
    });
    return figure;
  };
  return { trained: await probe(open.values), untrained: await probe(initialise(model.parameters, config.seed)) };
}
