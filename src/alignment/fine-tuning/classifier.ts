import type { TaskKind } from '../../data/tasks/task.js';
import { type LinearSpec, linear, linearSpec } from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import type { TextBody } from '../../nn/text-model.js';
import type { Engine, Store } from '../../runtime/engine.js';
import {
  Draws,
  type Tensor,
  add,
  argMax,
  cast,
  crossEntropy,
  equal,
  gather,
  int32,
  lessEqual,
  mul,
  reshape,
  squeeze,
  sum,
  where,
} from '../../tensor/index.js';
import { type Phase, phase } from '../../training/phase.js';
import { rowForward } from '../answer-rows.js';
import {
  type ClassificationShape,
  classificationBatch,
  type classificationSource,
  classificationSpec,
  groupExamples,
} from './batches.js';
import type { EncodedExample } from './inputs.js';

/**
 * A model of text with one linear layer on the state of one token (Radford et al. 2018, section 3.2). Sequences of one
 * example share the layer: the states of both orders of a pair are added before it, and each choice gets a number of its
 * own.
 */
export interface TextClassifier {
  readonly body: TextBody;
  readonly parameters: ClassifierSpec;
  /** [examples, classes], or of a choice [examples, choices]. */
  logits(parameters: never, batch: ClassificationTensors, dropout?: HeadDropout): Tensor;
  loss(
    parameters: never,
    batch: ClassificationTensors,
    options: { auxiliary: number; dropout: number },
  ): { loss: Tensor; metrics: Readonly<Record<string, Tensor>> };
}

interface ClassifierSpec {
  readonly body: object;
  readonly classifier: LinearSpec;
}

export type ClassificationTensors = {
  readonly [Key in keyof ReturnType<typeof classificationSpec>]: Tensor;
} & { readonly key?: Tensor };

interface HeadDropout {
  readonly rate: number;
  readonly key: Tensor;
}

/** A stream of the step's key that no dropout of the body reaches. */
const headStream = 1_000_000;

/**
 * Of numbers for each sequence of each example: those of a choice stand beside each other, others are added.
 * [examples, sequences, classes] → [examples, classes]
 */
export const combineSequences = (kind: TaskKind, scores: Tensor): Tensor =>
  kind === 'choice' ? squeeze(scores, -1) : sum(scores, { axes: 1 });

/** Numbers that the linear layer gives: one for each class, or one that compares choices. */
export const outputsOf = (kind: TaskKind, classes: number): number => (kind === 'choice' ? 1 : classes);

/** Σ weight · (−log p of the label), in nats, and the share of right answers. */
export const classificationLoss = (logits: Tensor, { labels, weights }: { labels: Tensor; weights: Tensor }) => ({
  loss: sum(mul(weights, crossEntropy(logits, labels))),
  accuracy: sum(mul(weights, cast(equal(argMax(logits), labels), 'float32'))),
});

/** A body of text with one linear layer over the states of its extract tokens (Radford et al. 2018, section 3.2). */
export function textClassifier(
  body: TextBody,
  { kind, classes, sequences }: { kind: TaskKind; classes: number; sequences: number },
): TextClassifier {
  const { width } = body.config;
  const parameters = { body: body.parameters, classifier: linearSpec(width, outputsOf(kind, classes)) };
  type Parameters = { body: never; classifier: TensorsOf<LinearSpec> };
  const states = (p: Parameters, batch: ClassificationTensors, dropoutKey?: Tensor): Tensor => {
    const hidden = body.hidden(p.body, batch.tokens, { ...rowForward(batch), ...(dropoutKey && { dropoutKey }) });
    return reshape(hidden, [-1, width]);
  };
  const head = (p: Parameters, read: Tensor, dropout?: HeadDropout): Tensor => {
    const vectors = drop(reshape(read, [-1, sequences, width]), dropout);
    return kind === 'choice'
      ? combineSequences(kind, linear(p.classifier, vectors))
      : linear(p.classifier, combineSequences(kind, vectors));
  };
  return {
    body,
    parameters,
    logits: (p: Parameters, batch, dropout) => head(p, gather(states(p, batch), batch.places), dropout),
    loss: (p: Parameters, batch, { auxiliary, dropout: rate }) => {
      const all = states(p, batch, batch.key);
      const dropout = rate > 0 && batch.key ? { rate, key: batch.key } : undefined;
      const { loss, accuracy } = classificationLoss(head(p, gather(all, batch.places), dropout), batch);
      const metrics: Record<string, Tensor> = { accuracy };
      if (auxiliary === 0 || body.head === undefined) return { loss, metrics };
      const predicted = crossEntropy(body.head(p.body, gather(all, batch.from)), batch.targets);
      const languageModel = sum(mul(batch.shares, predicted));
      Object.assign(metrics, { classification: loss, languageModel });
      return { loss: add(loss, mul(languageModel, auxiliary)), metrics };
    },
  };
}

/** Dropout on the states that are read: all sequences of an example lose the same numbers. */
function drop(vectors: Tensor, dropout: HeadDropout | undefined): Tensor {
  if (dropout === undefined) return vectors;
  const { rate, key } = dropout;
  const [examples, , width] = vectors.shape as [number, number, number];
  const kept = lessEqual(rate, new Draws(key, headStream).uniform([examples, 1, width]));
  return mul(vectors, where(kept, 1 / (1 - rate), 0));
}

/** The phase that fine-tunes. */
export function classificationPhase(options: {
  model: TextClassifier;
  source: ReturnType<typeof classificationSource>;
  shape: ClassificationShape;
  /** Weight of the language model's loss beside the task's. */
  auxiliary: number;
  /** Share of the numbers that are read which is set to 0. */
  dropout: number;
}): Phase {
  const { model, source, shape, auxiliary, dropout } = options;
  return phase({
    name: 'fine-tuning',
    source,
    parameters: model.parameters,
    batch: { ...classificationSpec(shape), ...(dropout > 0 && { key: int32(2) }) },
    loss: (parameters, batch) =>
      model.loss(parameters as never, batch as unknown as ClassificationTensors, { auxiliary, dropout }),
  });
}

/** Numbers for each class of each example. */
export type Predict = (
  examples: readonly EncodedExample[],
  options?: { signal?: AbortSignal },
) => Promise<Float32Array[]>;

/** @param options.store holds the parameters of `model`; read anew at each call */
export async function predictor(options: {
  engine: Engine;
  model: TextClassifier;
  store: Store;
  shape: ClassificationShape;
}): Promise<Predict> {
  const { engine, model, store, shape } = options;
  const {
    labels: _labels,
    weights: _weights,
    from: _from,
    targets: _targets,
    shares: _shares,
    ...batch
  } = classificationSpec(shape);
  const program = await engine.compile(
    ({ parameters, batch: given }: { parameters: never; batch: ClassificationTensors }) => ({
      logits: model.logits(parameters, given),
    }),
    { parameters: model.parameters, batch } as never,
    { name: 'classify' },
  );
  return async (examples, { signal } = {}) => {
    const rows: Float32Array[] = [];
    for (const group of groupExamples(examples, shape)) {
      signal?.throwIfAborted();
      const { tokens, positions, segments, trunks, places } = classificationBatch(group, shape);
      const given = { tokens, positions, segments, trunks, places };
      const { logits } = (await program.run({ parameters: store, batch: given })) as { logits: Float32Array };
      const classes = logits.length / shape.examples;
      group.forEach((_, index) => rows.push(logits.slice(index * classes, (index + 1) * classes)));
    }
    return rows;
  };
}
