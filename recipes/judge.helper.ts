import { join } from 'node:path';
import type { TrainedImages } from '../src/cli/image-recipe.js';
import { type OpenImageModel, openImageModel } from '../src/cli/open-image-model.js';
import { imageTrainingSchema, trainImages } from '../src/cli/stages/images.js';
import { modelFolderOf } from '../src/cli/stages/stage.js';
import type { ImageSet } from '../src/data/images/image-set.js';
import { type Accuracy } from '../src/evaluation/accuracy.js';
import { classifierAccuracy } from '../src/evaluation/classification.js';
import { findImageModel } from '../src/formats/image-models.js';

/** A classifier trained on a recipe's own images, to say what it reads in those that a model makes. */
export interface Judge {
  /** How often it reads the images' label. */
  readonly accuracy: (images: ImageSet) => Promise<Accuracy>;
}

/** Trains it in a folder of the recipe's run, once. */
export async function trainJudge({ open, source, folder, scale, signal, progress }: TrainedImages): Promise<Judge> {
  const found = await findImageModel('classifier');
  const isSmoke = scale === 'smoke';
  const config = imageTrainingSchema(found).parse({
    model: isSmoke ? { width: 4, features: 8 } : {},
    pixels: 'bytes',
    batchSize: isSmoke ? 8 : 64,
    evaluationImages: isSmoke ? 16 : 1000,
    training: { steps: isSmoke ? 4 : 2000, evaluateEvery: 500, schedule: { learningRate: 1e-3, finalFraction: 0.02 } },
  });
  const { engine } = open;
  const out = join(folder, 'judge');
  const context = { engine, changed: 'restart' as const, ...(signal && { signal }), ...(progress && { progress }) };
  await trainImages(context, { out, found, config, source });
  const judge: OpenImageModel = await openImageModel(engine, modelFolderOf(out));
  const { model, weights, data } = judge;
  return {
    accuracy: (images) =>
      classifierAccuracy({
        ...judge.batches(images),
        ...{ engine, weights, parameters: model.parameters, classifier: model.classifier!, classes: data.classes },
        ...(signal && { signal }),
      }),
  };
}
