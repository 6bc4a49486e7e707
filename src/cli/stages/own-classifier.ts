import { join } from 'node:path';
import { largestPixel, type Discretisation } from '../../data/images/batches.js';
import type { ImageSource } from '../../data/images/sources.js';
import { findImageModel } from '../../formats/image-models.js';
import { imageTrainingSchema, trainImages } from './images.js';
import { type StageContext, modelFolderOf } from './stage.js';

/** The classifier that judges samples where none is given: trained on the data's own labels, once for every data set. */

const batchSize = 128;
const [leastSteps, mostSteps, epochs] = [300, 2400, 5];

/**
 * Trains one in `root`, or finds it there. Its pixels are those of the models it judges, its steps by default a few
 * epochs.
 *
 * @returns its model folder
 */
export async function ownClassifier(
  context: StageContext,
  {
    root,
    source,
    pixels,
    steps = stepsFor(source),
  }: { root: string; source: ImageSource; pixels: Discretisation; steps?: number },
): Promise<string> {
  const out = join(root, `${source.id}-${largestPixel(pixels) === 255 ? 'bytes' : pixels}`);
  const found = await findImageModel('classifier');
  const config = imageTrainingSchema(found).parse({
    batchSize: Math.min(batchSize, source.train.count >> 1),
    pixels,
    training: {
      steps,
      clipNorm: null,
      optimizer: { weightDecay: 0.01 },
      schedule: { kind: 'cosine', learningRate: 1.5e-3, warmupSteps: 50, finalFraction: 0.01 },
    },
  });
  await trainImages({ ...context, changed: 'restart' }, { out, found, config, source });
  return modelFolderOf(out);
}

const stepsFor = ({ train }: ImageSource): number =>
  Math.max(leastSteps, Math.min(mostSteps, Math.round((epochs * train.count) / batchSize)));
