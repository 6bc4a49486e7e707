import { classificationLoss, combineSequences, outputsOf } from '../alignment/fine-tuning/classifier.js';
import { encodeWithin } from '../alignment/fine-tuning/inputs.js';
import { type TaskExample, type TaskKind, sequencesOf } from '../data/tasks/task.js';
import { type LinearSpec, linear, linearSpec } from '../nn/layers.js';
import { type ParameterSpec, type TensorsOf, parameter } from '../nn/parameters.js';
import type { TextFeatures } from '../nn/text-model.js';
import type { Engine, Program, Store } from '../runtime/engine.js';
import {
  type Tensor,
  abs,
  concat,
  div,
  float32,
  int32,
  mul,
  reshape,
  sliceAxis,
  softmax,
  squeeze,
  sub,
  sum,
} from '../tensor/index.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { groupedEpochs, inChunks } from '../training/grouped-epochs.js';
import { type Phase, phase } from '../training/phase.js';
import { type ColumnStatistics, columnStatistics } from './feature-batches.js';
import type { Matrix } from './features.js';

/**
 * A linear classifier on what a model that stays as it is says of texts. Of several readings of a text it learns shares
 * (Peters et al. 2018, equation 1). Two texts stand as u, v, |u − v| and u · v (Conneau et al. 2017, figure 1).
 */
export interface FeatureClassifier {
  readonly features: TextFeatures;
  readonly kind: TaskKind;
  readonly parameters: { readonly body: object; readonly head: HeadSpec };
  /** features [examples, sequences, texts, layers · width] → [examples, classes or choices] */
  logits(head: HeadTensors, features: Tensor): Tensor;
}

interface HeadSpec {
  /** Of each feature over the training texts; they stay as they are. */
  readonly mean: ParameterSpec;
  readonly deviation: ParameterSpec;
  /** Shares of the layers before the softmax. */
  readonly mix: ParameterSpec;
  readonly linear: LinearSpec;
}
type HeadTensors = TensorsOf<HeadSpec>;

/** What the head learns: the rest is measured. */
const isLearnt = (path: string): boolean => /^(mix|linear\.)/.test(path);

/** A linear head on what a model says of texts, its layers mixed by learnt weights (Peters et al. 2018, equation 1). */
export function featureClassifier(
  features: TextFeatures,
  { body, kind, classes }: { body: object; kind: TaskKind; classes: number },
): FeatureClassifier {
  const { layers, width } = features;
  const size = layers * width;
  const vectors = kind === 'classification' ? 1 : 4;
  const head = {
    mean: parameter([size]),
    deviation: parameter([size], { init: { kind: 'ones' } }),
    mix: parameter([layers]),
    linear: linearSpec(vectors * width, outputsOf(kind, classes), { init: { kind: 'zeros' } }),
  };
  return {
    features,
    kind,
    parameters: { body, head },
    logits: (p, raw) => {
      const [examples, sequences, texts] = raw.shape as [number, number, number];
      const standard = div(sub(raw, p.mean), p.deviation);
      const shares = reshape(softmax(p.mix), [layers, 1]);
      const mixed = sum(mul(reshape(standard, [examples, sequences, texts, layers, width]), shares), { axes: 3 });
      const [u, v] = Array.from({ length: texts }, (_, at) =>
        squeeze(sliceAxis(mixed, { axis: 2, start: at, limit: at + 1 }), 2),
      ) as [Tensor, Tensor?];
      const read = v === undefined ? u : concat([u, v, abs(sub(u, v)), mul(u, v)], -1);
      return combineSequences(kind, linear(p.linear, read));
    },
  };
}

/** The numbers that a model gives of each of a list of different texts. */
export interface ReadTexts {
  readonly rows: Matrix;
  /** Which row is a text's. */
  readonly place: ReadonlyMap<string, number>;
}

/** What a model says of texts, of long ones' beginnings. */
export async function readTexts(options: {
  readonly engine: Engine;
  readonly model: FeatureClassifier;
  /** Holds the parameters of the model's body, by their paths in it. */
  readonly body: Store;
  readonly tokenizer: Tokenizer;
  readonly texts: Iterable<string>;
  readonly signal?: AbortSignal;
}): Promise<ReadTexts> {
  const { engine, model, body, tokenizer, texts, signal } = options;
  const { layers, width, longest } = model.features;
  const size = layers * width;
  const different = [...new Set(texts)];
  const place = new Map(different.map((text, index) => [text, index]));
  const encode = encodeWithin(tokenizer);
  const encoded = different.map((text) => encode(text).subarray(0, longest));
  // Neighbours in length share a batch, of one of a few shapes.
  const order = [...encoded.keys()].sort((a, b) => encoded[a]!.length - encoded[b]!.length || a - b);
  const values = new Float32Array(different.length * size);
  const batchSize = Math.min(32, different.length);
  const programs = new Map<number, Promise<Program>>();
  const programFor = (time: number): Promise<Program> => {
    const known = programs.get(time) ?? readingProgram(engine, model, batchSize, time);
    programs.set(time, known);
    return known;
  };
  for (let start = 0; start < order.length; start += batchSize) {
    signal?.throwIfAborted();
    const chosen = order.slice(start, start + batchSize);
    const time = roundUp(encoded[chosen.at(-1)!]!.length, longest);
    const program = await programFor(time);
    const tokens = new Int32Array(batchSize * time);
    const lengths = new Int32Array(batchSize).fill(1);
    chosen.forEach((index, row) => {
      tokens.set(encoded[index]!, row * time);
      lengths[row] = Math.max(1, encoded[index]!.length);
    });
    const { rows } = (await program.run({ p: body, text: { tokens, lengths } }, { ...(signal && { signal }) })) as {
      rows: Float32Array;
    };
    chosen.forEach((index, row) => values.set(rows.subarray(row * size, (row + 1) * size), index * size));
  }
  return { rows: { count: different.length, size, values }, place };
}

const readingProgram = (engine: Engine, { features, parameters }: FeatureClassifier, batch: number, time: number) =>
  engine.compile(
    (({ p, text }: { p: never; text: { tokens: Tensor; lengths: Tensor } }) => ({
      rows: features.of(p, text),
    })) as never,
    {
      p: parameters.body,
      text: { tokens: int32(batch, time), lengths: int32(batch) },
    },
    { name: 'read texts' },
  );

/** Few lengths: each is a program. */
const roundUp = (length: number, most: number): number =>
  Math.min(most, Math.max(8, 2 ** Math.ceil(Math.log2(Math.max(1, length)))));

/** Mean and deviation of each number over the texts that a head learns from. */
export const statisticsOf = ({ rows }: ReadTexts): ColumnStatistics => columnStatistics(rows);

/** The numbers of examples, one after another: [examples, sequences, texts, layers · width]. */
function numbersOf(
  examples: readonly Pick<TaskExample, 'texts'>[],
  kind: TaskKind,
  { rows, place }: ReadTexts,
  room: number,
): Float32Array {
  const lists = examples.map(({ texts }) => sequencesOf(kind, texts).flat());
  const each = lists[0]!.length * rows.size;
  const numbers = new Float32Array(room * each);
  lists.forEach((texts, example) => {
    texts.forEach((text, index) => {
      const row = place.get(text)!;
      numbers.set(rows.values.subarray(row * rows.size, (row + 1) * rows.size), example * each + index * rows.size);
    });
  });
  return numbers;
}

const batchSpec = (model: FeatureClassifier, examples: readonly Pick<TaskExample, 'texts'>[], batchSize: number) => {
  const sequences = sequencesOf(model.kind, examples[0]!.texts);
  const size = model.features.layers * model.features.width;
  return {
    features: float32(batchSize, sequences.length, sequences[0]!.length, size),
    labels: int32(batchSize),
    weights: float32(batchSize),
  };
};

/** The phase that trains a head on texts that were read; its store holds the head alone. */
export function featurePhase(options: {
  readonly model: FeatureClassifier;
  readonly examples: readonly TaskExample[];
  readonly read: ReadTexts;
  readonly batchSize: number;
  readonly seed: number;
}): { phase: Phase; batchesPerEpoch: number } {
  const { model, examples, read, batchSize, seed } = options;
  const source = groupedEpochs({
    items: examples,
    seed,
    purpose: 'order of examples',
    group: inChunks(batchSize),
    batch: (items) => {
      const [labels, weights] = [new Int32Array(batchSize), new Float32Array(batchSize)];
      items.forEach(({ label }, row) => {
        labels[row] = label;
        weights[row] = 1 / items.length;
      });
      return { features: numbersOf(items, model.kind, read, batchSize), labels, weights };
    },
    tokensPerBatch: batchSize,
    describe: () => `${examples.length} examples of ${read.rows.count} texts, ${batchSize} a batch, seed ${seed}`,
  });
  return {
    batchesPerEpoch: source.batchesPerEpoch,
    phase: phase({
      name: 'head',
      source,
      parameters: model.parameters.head,
      trainable: isLearnt,
      batch: batchSpec(model, examples, batchSize),
      loss: (p, batch) => {
        const { loss, accuracy } = classificationLoss(model.logits(p, batch.features), batch);
        return { loss, metrics: { accuracy } };
      },
    }),
  };
}

/** Numbers for each class of each example. @param options.head holds the parameters of the head */
export async function predictFromFeatures(options: {
  readonly engine: Engine;
  readonly model: FeatureClassifier;
  readonly head: Store;
  readonly examples: readonly Pick<TaskExample, 'texts'>[];
  readonly read: ReadTexts;
  readonly signal?: AbortSignal;
}): Promise<Float32Array[]> {
  const { engine, model, head, examples, read, signal } = options;
  const batchSize = Math.min(64, examples.length);
  const { features } = batchSpec(model, examples, batchSize);
  const program = await engine.compile(
    ({ parameters, features: raw }) => ({ logits: model.logits(parameters, raw) }),
    { parameters: model.parameters.head, features },
    { name: 'classify by features' },
  );
  const answers: Float32Array[] = [];
  for (let start = 0; start < examples.length; start += batchSize) {
    signal?.throwIfAborted();
    const chosen = examples.slice(start, start + batchSize);
    const given = { parameters: head, features: numbersOf(chosen, model.kind, read, batchSize) };
    const { logits } = (await program.run(given)) as { logits: Float32Array };
    const classes = logits.length / batchSize;
    chosen.forEach((_, row) => answers.push(logits.slice(row * classes, (row + 1) * classes)));
  }
  return answers;
}
