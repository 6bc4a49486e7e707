import { ConfigError } from '../errors.js';
import type { Gpt } from '../families/autoregressive/gpt.js';
import {
  type Tensor,
  type TensorSpec,
  constant,
  equal,
  expandDims,
  float32,
  int32,
  or,
  sliceAxis,
  where,
} from '../tensor/index.js';
import { type Phase, type TrainingSource, lossTerm, phase, type LossTerm } from './phase.js';

/** Next-token prediction: pretraining, supervised fine-tuning and PPO's pretraining mix are this one loss. */

export interface LanguageModelOptions {
  readonly model: Gpt;
  readonly source: TrainingSource & {
    readonly batchSize: number;
    readonly contextLength: number;
    readonly mostTargets?: number;
    readonly images?: number;
  };
  /** The batches carry `segments` and `positions`: several dialogues in a row, each blind to the others. */
  readonly packed?: boolean;
  readonly name?: string;
  readonly store?: string;
  readonly weight?: number;
}

/** Shapes of a batch of a language model: tokens [B, T + 1], mask [B, T], and what packing, dropout and images add. */
export function languageModelBatch(options: {
  model: Gpt;
  batchSize: number;
  contextLength: number;
  packed?: boolean;
  /** How many a batch has room for. */
  images?: number;
}) {
  const { model, batchSize, contextLength, packed, images = 0 } = options;
  return {
    tokens: int32(batchSize, contextLength + 1),
    mask: float32(batchSize, contextLength),
    ...(packed && { segments: int32(batchSize, contextLength), positions: int32(batchSize, contextLength) }),
    ...(model.config.dropout > 0 && { key: int32(2) }),
    ...(images > 0 && { images: imagesSpec(model, images) }),
  };
}

/** @throws ConfigError when the model does not see */
export function imagesSpec({ eye }: Gpt, count: number): TensorSpec {
  if (eye === undefined) {
    throw new ConfigError('There are images in these dialogues, and the model has no eye', {
      advice: 'descent sft --eye <image model> gives it one.',
    });
  }
  const { channels, height, width } = eye.data;
  return float32(count, channels, height, width);
}

export interface LanguageModelTensors {
  readonly tokens: Tensor;
  readonly mask: Tensor;
  readonly segments?: Tensor;
  readonly positions?: Tensor;
  readonly key?: Tensor;
  readonly images?: Tensor;
}

/**
 * Mean cross-entropy in nats per counted token of a batch as `languageModelBatch` describes it, of which no more than
 * `mostTargets` count.
 */
export function languageModelLoss(
  model: Gpt,
  parameters: Parameters<Gpt['loss']>[0],
  batch: LanguageModelTensors,
  mostTargets?: number,
): Tensor {
  const inputs = sliceAxis(batch.tokens, { axis: 1, limit: -1 });
  const targets = sliceAxis(batch.tokens, { axis: 1, start: 1 });
  return model.loss(parameters, inputs, targets, batch.mask, {
    ...(batch.segments && { mask: segmentMask(batch.segments) }),
    ...(batch.positions && { positions: batch.positions }),
    ...(batch.key && { dropoutKey: batch.key }),
    ...(batch.images && { images: batch.images }),
    ...(mostTargets !== undefined && { mostTargets }),
  });
}

/**
 * Additive mask [B, 1, T, T]: a token sees its own segment, and that of its trunk where trunks are given, and no other.
 *
 * @param segments int32 [B, T]
 * @param trunks int32 [B, T]: the segment that a token's own one goes on from
 */
export function segmentMask(segments: Tensor, trunks?: Tensor): Tensor {
  const seenFrom = (own: Tensor): Tensor => equal(expandDims(own, 2), expandDims(segments, 1));
  const seen = trunks ? or(seenFrom(segments), seenFrom(trunks)) : seenFrom(segments);
  return expandDims(where(seen, constant([0], []), constant([-1e9], [])), 1);
}

const definition = ({ model, source, packed, name = 'language-model', store, weight }: LanguageModelOptions) => ({
  name,
  source,
  ...(store !== undefined && { store }),
  ...(weight !== undefined && { weight }),
  parameters: model.parameters,
  batch: languageModelBatch({
    model,
    packed,
    batchSize: source.batchSize,
    contextLength: source.contextLength,
    ...(source.images !== undefined && { images: source.images }),
  }),
  loss: (parameters: never, batch: never) => ({
    loss: languageModelLoss(model, parameters, batch, source.mostTargets),
  }),
});

/** The phase that trains a language model. */
export const languageModelPhase = (options: LanguageModelOptions): Phase =>
  phase(definition(options) as unknown as Parameters<typeof phase>[0]);

/** The same loss as a second term of another phase: PPO's pretraining mix. */
export const languageModelTerm = (options: LanguageModelOptions): LossTerm =>
  lossTerm(definition(options) as unknown as Parameters<typeof lossTerm>[0]);
