import { join } from 'node:path';
import type { TrainedImages } from '../src/cli/image-recipe.js';
import { type OpenImageModel, openImageModel } from '../src/cli/open-image-model.js';
import { ownClassifier } from '../src/cli/stages/own-classifier.js';
import type { ImageSet } from '../src/data/images/image-set.js';
import type { Accuracy } from '../src/evaluation/accuracy.js';
import { classifierAccuracy } from '../src/evaluation/classification.js';

/** A classifier that learns from the recipe's training images, once, in a folder of its run. */
export async function openJudge(trained: TrainedImages): Promise<OpenImageModel> {
  const { open, source, folder, signal, progress, scale } = trained;
  const { engine } = open;
  const context = { engine, ...(signal && { signal }), ...(progress && { progress }) };
  const root = join(folder, 'judge');
  const asked = { root, source, pixels: open.images.pixels, ...(scale === 'smoke' && { steps: 10 }) };
  return openImageModel(engine, await ownClassifier(context, asked));
}

/** How often the judge reads the label in images. */
export async function trainJudge(trained: TrainedImages): Promise<(images: ImageSet) => Promise<Accuracy>> {
  const { signal } = trained;
  const judge = await openJudge(trained);
  const { engine, model, weights, data } = judge;
  return (images) =>
    classifierAccuracy({
      ...judge.batches(images),
      ...{ engine, weights, parameters: model.parameters, classifier: model.classifier!, classes: data.classes },
      ...(signal && { signal }),
    });
}
