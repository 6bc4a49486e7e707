import { type ImageBatchOptions, imageBatchSpec, imageBatches } from '../data/images/batches.js';
import { type ImageSet, classesOf } from '../data/images/image-set.js';
import { ConfigError, DataError } from '../errors.js';
import type { Features, ImageModel, ImageTensors } from '../nn/image-model.js';
import { parameter } from '../nn/parameters.js';
import type { Engine, Store } from '../runtime/engine.js';
import {
  type Tensor,
  add,
  argMax,
  cast,
  constant,
  crossEntropy,
  equal,
  float32,
  int32,
  matmul,
  mean,
  mul,
  sub,
} from '../tensor/index.js';
import { trainStepsOn } from '../training/backend.js';
import { type Phase, phase } from '../training/phase.js';
import type { TrainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import { withStore } from '../training/with-store.js';
import { type Accuracy, accuracyOf } from './accuracy.js';
import { rowMaxima } from './classification.js';
import { type ColumnStatistics, columnStatistics, featureBatches } from './feature-batches.js';
import { type Matrix, featuresOf, rowsOf } from './features.js';

/**
 * What a model's features are worth: how well a linear classifier on top of them names the classes, the features held
 * (a linear probe) or moving along (fine-tuning).
 */

export interface ProbeOptions {
  readonly engine: Engine;
  readonly model: ImageModel;
  /** Of the model's parameters, by path: a trained model's, or for a baseline `initialise(model.parameters, seed)`. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** Labelled images to learn from. */
  readonly train: ImageSet;
  /** Labelled images to measure on. */
  readonly test: ImageSet;
  readonly pixels: ImageBatchOptions['pixels'];
  /** Times that every training image is seen. Default: 20 of a probe, 3 of fine-tuning. */
  readonly epochs?: number;
  /** Default 128. */
  readonly batchSize?: number;
  /** Default: 0.01 of a probe, 0.0005 of fine-tuning. */
  readonly learningRate?: number;
  /** Of the order of the images and of the model's draws. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Accuracy on the test images. */
export interface ProbeFigure extends Accuracy {
  readonly kind: 'linear' | 'fine-tuned';
  readonly trainedOn: number;
  readonly features: number;
}

/** A linear classifier over standardised features. */
export interface ProbeHead extends ColumnStatistics {
  /** [features, classes] */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

export interface Probe {
  readonly figure: ProbeFigure;
  /** For fine-tuning to start from. */
  readonly head: ProbeHead;
}

/**
 * Logistic regression on the features of a model that itself stays as it is. Features are standardised first, as MAE's
 * probe does by batch normalisation without scale and bias (He et al. 2022, arXiv:2111.06377, appendix A.1).
 *
 * @throws ConfigError when the model gives no features, DataError without labels
 */
export async function linearProbe(options: ProbeOptions): Promise<Probe> {
  const { engine, model, values, signal, epochs = 20, batchSize = 128, learningRate = 0.01, seed = 0 } = options;
  const { features, classes } = checked(options);
  const { learnt, asked } = await withStore(engine, { specs: model.parameters, values }, async (weights) => {
    const given = { engine, weights, features, parameters: model.parameters, pixels: options.pixels, seed };
    const read = (images: ImageSet) =>
      featuresOf({ ...given, images, batchSize: Math.min(100, images.count), ...(signal && { signal }) });
    return { learnt: await read(options.train), asked: await read(options.test) };
  });
  const statistics = columnStatistics(learnt);
  const parameters = headSpecs(features.size, classes);
  const rows = featureBatches({ rows: learnt, labels: options.train.labels!, statistics, batchSize, seed });
  const trained = await withStore(engine, { specs: parameters, values: {}, trainable: true }, async (store) => {
    await runPhase(options, store, {
      phase: phase({
        name: 'linear probe',
        source: rows,
        parameters,
        batch: headBatchSpec(features.size, batchSize),
        loss: (p, batch) => lossOf(linearHead(p, batch.features), batch.labels),
      }),
      settings: settingsOf(options.train.count, { epochs, batchSize, learningRate, seed }),
    });
    return store.read();
  });
  const head = { ...statistics, weight: trained['weight']!, bias: trained['bias']! };
  const guesses = guessesOf(asked, head);
  return { figure: figureOf('linear', options, features.size, guesses), head };
}

/**
 * Trains a model's features together with the head of a probe, from where the probe ended (Kumar et al. 2022,
 * arXiv:2202.10054: a head that starts from nothing would distort the features first).
 */
export async function fineTune(options: ProbeOptions, { head }: Pick<Probe, 'head'>): Promise<ProbeFigure> {
  const { engine, model, values, pixels, signal } = options;
  const { epochs = 3, batchSize = 128, learningRate = 5e-4, seed = 0 } = options;
  const { features, classes } = checked(options);
  const parameters = { backbone: model.parameters, head: headSpecs(features.size, classes) };
  const starting = {
    ...Object.fromEntries(Object.entries(values).map(([path, value]) => [`backbone.${path}`, value])),
    'head.weight': head.weight,
    'head.bias': head.bias,
  };
  const logits = (p: { backbone: object; head: HeadTensors }, batch: ImageTensors): Tensor => {
    const raw = features.of(p.backbone as never, batch);
    const standardised = mul(sub(raw, constant(head.mean)), constant(head.deviation.map((value) => 1 / value)));
    return linearHead(p.head, standardised);
  };
  const guesses = await withStore(engine, { specs: parameters, values: starting, trainable: true }, async (store) => {
    await runPhase(options, store, {
      phase: {
        name: 'fine-tuning',
        source: imageBatches({ images: options.train, batchSize, pixels, seed }),
        parameters,
        batch: imageBatchSpec(options.train, batchSize),
        loss: (p: never, batch: ImageTensors) => lossOf(logits(p, batch), batch.labels),
      },
      settings: settingsOf(options.train.count, { epochs, batchSize, learningRate, seed }),
    });
    const rows = await rowsOf({
      ...{ engine, parameters, weights: store, size: classes, of: logits, images: options.test },
      ...{ batchSize: Math.min(100, options.test.count), pixels, seed, ...(signal && { signal }) },
    });
    return rowMaxima(rows);
  });
  return figureOf('fine-tuned', options, features.size, guesses);
}

function checked({ model, train, test }: ProbeOptions): { features: Features; classes: number } {
  const { features } = model;
  if (features === undefined)
    throw new ConfigError('This model gives no features that a probe could read', {
      advice: 'Take one that does, such as mae, image-gpt or an auto-encoder.',
    });
  for (const images of [train, test]) {
    if (images.labels === undefined || images.count === 0)
      throw new DataError(`${images.name}: a probe needs labelled images to train and to test on`, {
        advice: 'Give images in a folder for each class, or a data set with labels.',
      });
  }
  return { features, classes: Math.max(classesOf(train), classesOf(test)) };
}

const headSpecs = (features: number, classes: number) => ({
  weight: parameter([features, classes]),
  bias: parameter([classes]),
});
type HeadTensors = { readonly weight: Tensor; readonly bias: Tensor };

const headBatchSpec = (features: number, batchSize: number) => ({
  features: float32(batchSize, features),
  labels: int32(batchSize),
});

const linearHead = (p: HeadTensors, x: Tensor): Tensor => add(matmul(x, p.weight), p.bias);

const lossOf = (logits: Tensor, labels: Tensor) => ({
  loss: mean(crossEntropy(logits, labels)),
  metrics: { accuracy: mean(cast(equal(argMax(logits), labels), 'float32')) },
});

const settingsOf = (
  images: number,
  given: { epochs: number; batchSize: number; learningRate: number; seed: number },
): TrainingSettings => ({
  steps: Math.max(1, Math.ceil((given.epochs * images) / given.batchSize)),
  seed: given.seed,
  clipNorm: null,
  optimizer: { beta2: 0.999 },
  schedule: { kind: 'cosine', learningRate: given.learningRate, finalFraction: 0.01 },
});

async function runPhase(
  { engine, signal }: ProbeOptions,
  store: Store,
  { phase: only, settings }: { phase: Phase; settings: TrainingSettings },
): Promise<void> {
  await train({
    stores: { model: store },
    phases: [only],
    createStep: trainStepsOn(engine),
    settings,
    ...(signal && { signal }),
  });
  signal?.throwIfAborted();
}

/** The class that the head gives each row. */
function guessesOf({ count, size, values }: Matrix, { mean: centre, deviation, weight, bias }: ProbeHead): Int32Array {
  const classes = bias.length;
  const logits = new Float32Array(count * classes);
  for (let row = 0; row < count; row++) {
    const into = logits.subarray(row * classes, (row + 1) * classes);
    into.set(bias);
    for (let column = 0; column < size; column++) {
      const value = (values[row * size + column]! - centre[column]!) / deviation[column]!;
      for (let label = 0; label < classes; label++) into[label]! += value * weight[column * classes + label]!;
    }
  }
  return rowMaxima({ count, size: classes, values: logits });
}

const figureOf = (
  kind: ProbeFigure['kind'],
  { train: learnt, test }: ProbeOptions,
  features: number,
  guesses: Int32Array,
): ProbeFigure => ({ ...accuracyOf(guesses, test.labels!), kind, trainedOn: learnt.count, features });
