import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import {
  type Discretisation,
  type ImageBatchOptions,
  discretisations,
  imageBatchSpec,
  imageBatches,
  largestPixel,
} from '../../data/images/batches.js';
import { captioned, firstCaptions, trainCaptionTokens } from '../../data/images/caption-tokens.js';
import { type ImageSet, classesOf } from '../../data/images/image-set.js';
import { holdOutImages } from '../../data/images/hold-out.js';
import type { ImageSource } from '../../data/images/sources.js';
import type { Json } from '../../data/json.js';
import { classifierAccuracy } from '../../evaluation/classification.js';
import { densityOf } from '../../evaluation/density.js';
import { retrieval } from '../../evaluation/retrieval.js';
import type { Lineage } from '../../formats/lineage.js';
import { type ModelImages, imageData, saveImageModel } from '../../formats/image-model-folder.js';
import type { FamilyModel } from '../../formats/image-models.js';
import { encodePng, grid } from '../../formats/pictures.js';
import type { ImageLoss, ImageModel } from '../../nn/image-model.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import type { StoreReference } from '../../runtime/engine.js';
import { type ImageSampler, canDraw, imageSampler } from '../../sampling/images.js';
import type { Phase } from '../../training/phase.js';
import { type TrainingConfig, trainingSchema } from '../../training/settings.js';
import { type StageContext, finishedStage, fingerprintOf, modelFolderOf, trainInFolder } from './stage.js';

/** Training an image model: one stage for every family. */

const { steps, lanes, clipNorm, evaluateEvery, sampleEvery } = trainingSchema.shape;
const as = (setting: z.ZodType): string => setting.description ?? '';

/** The defaults of language models are too short for images, and losses of hundreds of nats have long gradients. */
const imageTraining = trainingSchema.extend({
  steps: steps.unwrap().default(5000).describe(as(steps)),
  lanes: lanes
    .unwrap()
    .nullable()
    .default(null)
    .describe(
      'Parts of a batch that are computed side by side, on a share of the threads each (CPU only); null for what suits the model.',
    ),
  clipNorm: clipNorm.unwrap().default(100).describe(as(clipNorm)),
  evaluateEvery: evaluateEvery.unwrap().default(500).describe(as(evaluateEvery)),
  sampleEvery: sampleEvery.unwrap().default(1000).describe(as(sampleEvery)),
});

/** The settings of a model's training: its own, and those that all share. */
export const imageTrainingSchema = ({ definition }: FamilyModel) =>
  z.strictObject({
    model: definition.schema.prefault({}),
    pixels: z
      .enum(discretisations)
      .default(definition.pixels)
      .describe(
        'what a pixel is: bytes (what colour images are unless told otherwise), or 0 and 1: drawn anew each time (dynamic), once (static), or cut at the middle (threshold)',
      ),
    batchSize: z.int().positive().default(64).describe('images per step'),
    flip: z.boolean().default(false).describe('mirror half of the training images, by chance'),
    shift: z.int().min(0).default(0).describe('move training images by up to so many pixels to each side, by chance'),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('change brightness, contrast and saturation of training images by up to this share, by chance'),
    vocabulary: z
      .int()
      .min(257)
      .default(512)
      .describe('tokens for captions, of a model that reads them: 256 bytes, an end, and merges'),
    evaluationImages: z.int().positive().default(1000).describe('images held out of training and measured on'),
    seed: z.int().min(0).default(1).describe('seed of the initial weights and of the order of the data'),
    training: imageTraining.prefault({}),
  });
export type ImageTrainingConfig = z.output<ReturnType<typeof imageTrainingSchema>>;

export interface TrainImagesOptions {
  readonly out: string;
  readonly found: FamilyModel;
  readonly config: ImageTrainingConfig;
  readonly source: ImageSource;
}

/** Trains an image model in a run folder and saves it; figures during training are of images it is not trained on. */
export async function trainImages(context: StageContext, options: TrainImagesOptions): Promise<Lineage> {
  const { out, found, config, source } = options;
  const { definition } = found;
  const fingerprint = fingerprintOf([definition.name, config, source.id, source.train.count]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const { train, validation } = partsOf(source, definition, config);
  const text =
    definition.text === true &&
    (await trainCaptionTokens(train, {
      vocabularySize: config.vocabulary,
      ...(context.signal && { signal: context.signal }),
    }));
  const images = { ...imagesOf(source, config), ...(text && { text }) };
  const data = imageData(images);
  const model = definition.build(config.model, data);
  const { lanes } = config.training;
  const training: TrainingConfig = { ...config.training, lanes: lanes ?? lanesFor(model) };
  const averaged = training.average !== null;
  const store = await engine.createStore({
    leaves: leavesOf(model.parameters),
    values: initialise(model.parameters, config.seed),
    trainable: true,
    average: averaged,
  });
  const weights: StoreReference = averaged ? { store, buffer: 'average' } : store;
  try {
    const { batchSize, pixels, seed, flip, shift, jitter } = config;
    const batches = { batchSize, pixels, seed, ...(text && { text }) };
    const measure =
      model.density &&
      (await densityOf({
        ...batches,
        engine,
        weights,
        parameters: model.parameters,
        density: model.density,
        images: validation,
        lanes: training.lanes,
      }));
    const { classifier } = model;
    const judging = {
      ...batches,
      engine,
      weights,
      parameters: model.parameters,
      classes: data.classes,
      images: validation,
      lanes: training.lanes,
    };
    const { embeddings } = model;
    const sampler = canDraw(model) && (await imageSampler({ engine, model, data, weights, batchSize: sampleCount }));
    const captions = text && firstCaptions(validation, text, sampleCount);
    const result = await trainInFolder(context, {
      out,
      title: `Training: ${definition.title}`,
      config: config as Json,
      fingerprint,
      unit: 'images',
      stores: { model: store },
      phases: phasesOf(model, { ...batches, images: train, flip, shift, jitter }, training),
      settings: training,
      ...(model.unhealthy && { watch: model.unhealthy }),
      ...((measure ?? classifier ?? embeddings) && {
        evaluate: async ({ signal }) => {
          const figure = await measure?.({ signal });
          const found = embeddings && text ? await retrieval({ ...judging, embeddings, text, signal }) : undefined;
          const judged = classifier && (await classifierAccuracy({ ...judging, classifier, signal }));
          return {
            ...(figure && { nats: figure.nats }),
            ...(figure?.bitsPerDimension !== undefined && { bitsPerDimension: figure.bitsPerDimension }),
            ...(judged && { accuracy: judged.accuracy }),
            ...(found && { imageToText: found.imageToText.accuracy, textToImage: found.textToImage.accuracy }),
          };
        },
      }),
      ...(sampler && {
        sample: ({ step, signal }) =>
          drawSamples(sampler, images, { out, step, signal, ...(captions && { captions }) }),
      }),
    });
    return await saveImageModel({
      folder: modelFolderOf(out),
      definition,
      config: config.model,
      images,
      values: await store.read(averaged ? 'average' : 'parameters'),
      lineage: {
        stage: `${found.family}: ${definition.name}`,
        name: definition.name,
        ancestors: [
          { role: 'data', name: source.name, id: source.id, size: `${train.count.toLocaleString('en')} images` },
        ],
        settings: { fingerprint, ...config },
        results: {
          ...result.evaluation?.metrics,
          steps: result.steps,
          seconds: result.seconds,
          images: result.tokens,
        },
      },
    });
  } finally {
    await store.dispose();
  }
}

/** Batches side by side that suit a model, where nobody says how many. */
export const lanesFor = ({ dense = false }: ImageModel): number => (dense ? 1 : 2);
/** As `heldOutImages`; of a model that reads captions, the images that have some. */
function partsOf(
  source: ImageSource,
  { text }: Pick<FamilyModel['definition'], 'text'>,
  { evaluationImages }: Pick<ImageTrainingConfig, 'evaluationImages'>,
): { train: ImageSet; validation: ImageSet } {
  const { train, validation } = heldOutImages(source, evaluationImages);
  return text === true ? { train: captioned(train), validation: captioned(validation) } : { train, validation };
}

/** What a model of these images has to know of them. */
const imagesOf = ({ train, reading }: ImageSource, { pixels }: Pick<ImageTrainingConfig, 'pixels'>): ModelImages => ({
  channels: train.channels,
  height: train.height,
  width: train.width,
  pixels,
  labelNames: train.labelNames ?? Array.from({ length: classesOf(train) }, (_, index) => String(index)),
  reading,
});

/**
 * What a pixel is where the user did not say. To make each channel of a colour picture 0 or 1 is never what is meant, so
 * that is left to models of grey ones.
 */
const pixelsFor = ({ definition }: FamilyModel, { train }: Pick<ImageSource, 'train'>): Discretisation =>
  train.channels === 1 ? definition.pixels : 'bytes';

/** Settings that the schema filled up, for these images: its default of `pixels` cannot know them. `given` is what the user said. */
export const settingsFor = (
  config: ImageTrainingConfig,
  {
    found,
    source,
    given,
  }: { found: FamilyModel; source: Pick<ImageSource, 'train'>; given: Readonly<Record<string, unknown>> },
): ImageTrainingConfig => (given['pixels'] === undefined ? { ...config, pixels: pixelsFor(found, source) } : config);

/** What training learns from, and what it is measured on meanwhile: at most half of the images. */
const heldOutImages = ({ train }: ImageSource, held: number) => holdOutImages(train, Math.min(held, train.count >> 1));

/** What a model saw and what it did not: the test images, or where there are none those that training held out. */
export function seenAndUnseen(source: ImageSource, held: number): { train: ImageSet; test: ImageSet } {
  const { train, test } = source;
  if (test !== undefined) return { train, test };
  const split = heldOutImages(source, held);
  return { train: split.train, test: split.validation };
}

function phasesOf(
  model: ImageModel,
  batches: ImageBatchOptions,
  { steps, lanes, schedule }: Pick<TrainingConfig, 'steps' | 'lanes' | 'schedule'>,
): Phase[] {
  return model.losses.map((term): Phase => {
    const { name, loss, trainable, every, optimizer, falls, during = [0, 1], assigns = false } = term;
    const { wholeBatch = assigns } = term;
    const parts = wholeBatch ? 1 : greatestDivisor(batches.batchSize, lanes);
    const part = { ...batches, batchSize: batches.batchSize / parts };
    return {
      name,
      source: imageBatches(part),
      parameters: model.parameters,
      batch: imageBatchSpec(part.images, part.batchSize, part.text),
      loss,
      parts,
      during:
        during === 'first'
          ? { until: 1 }
          : { from: Math.round(during[0] * steps), until: Math.round(during[1] * steps) },
      ...(trainable && { trainable }),
      ...(every !== undefined && { every }),
      ...(falls !== undefined && { guarded: falls }),
      ...(optimizer && optimizerOf(optimizer, schedule)),
      // A step of plain descent with rate 1 along (old − new) is an assignment.
      ...(assigns && {
        optimizer: { kind: 'sgd' as const, momentum: 0, weightDecay: 0 },
        schedule: { kind: 'constant' as const, learningRate: 1, warmupSteps: 0 },
        clipNorm: null,
        guarded: false,
        averaged: false,
      }),
    };
  });
}

/** A loss's own optimizer: its moments, and its share of the run's learning rate. */
const optimizerOf = (
  { rate = 1, ...optimizer }: NonNullable<ImageLoss['optimizer']>,
  { learningRate }: TrainingConfig['schedule'],
): Pick<Phase, 'optimizer' | 'schedule'> => ({ optimizer, schedule: { learningRate: rate * learningRate } });

/** The greatest divisor of a number that is at most `limit`. */
function greatestDivisor(number: number, limit: number): number {
  let divisor = Math.min(number, limit);
  while (number % divisor > 0) divisor--;
  return divisor;
}

const sampleCount = 64;

async function drawSamples(
  sampler: ImageSampler,
  images: ModelImages,
  { out, step, ...asked }: { out: string; step: number; signal: AbortSignal; captions?: readonly Int32Array[] },
): Promise<{ picture: string }> {
  const { images: values } = await sampler({ count: sampleCount, seed: 0, ...asked });
  const picture = join('pictures', `${String(step).padStart(7, '0')}.png`);
  const largest = largestPixel(images.pixels);
  const path = join(out, picture);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomically(path, encodePng(grid({ ...images, values, largest }, { scale: 2 })));
  return { picture };
}
