import { join } from 'node:path';
import type { TrainedImages } from '../src/cli/image-recipe.js';
import { openImageModel } from '../src/cli/open-image-model.js';
import { ownClassifier } from '../src/cli/stages/own-classifier.js';
import type { ImageSet } from '../src/data/images/image-set.js';
import type { Accuracy } from '../src/evaluation/accuracy.js';
import { classifierAccuracy } from '../src/evaluation/classification.js';

/**
 * How often a classifier reads the label in images: one that learns from the recipe's training images, once, in a folder
 * of its run.
 */
export async function trainJudge(trained: TrainedImages): Promise<(images: ImageSet) => Promise<Accuracy>> {
  const { open, source, folder, signal, progress } = trained;
  const { engine } = open;
  const context = { engine, ...(signal && { signal }), ...(progress && { progress }) };
  const root = join(folder, 'judge');
  const judge = await openImageModel(
    engine,
    await ownClassifier(context, { root, source, pixels: open.images.pixels }),
  );
  const { model, weights, data } = judge;
  return (images) =>
    classifierAccuracy({
      ...judge.batches(images),
      ...{ engine, weights, parameters: model.parameters, classifier: model.classifier!, classes: data.classes },
      ...(signal && { signal }),
    });
}
