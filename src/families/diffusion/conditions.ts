import { ConfigError } from '../../errors.js';
import { type EmbeddingSpec, embedding, embeddingSpec } from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import type { Sequence } from '../../nn/image-attention.js';
import type { TextEncoder, TextParameters } from '../../nn/text-encoder.js';
import { type Draws, type Tensor, cast, expandDims, full, less, mul, where } from '../../tensor/index.js';

/** What a network is told about an image beside the noisy image itself, and how it is withheld. */

/** A vector for each class, and a last one for where the class is withheld (Ho & Salimans 2022). */
export const classSpec = (classes: number, size: number): EmbeddingSpec =>
  embeddingSpec(classes + 1, size, normal(0.5));

/** @param told float32 [B]: 1, or 0 where the class is withheld */
export function classVector(p: TensorsOf<EmbeddingSpec>, labels: Tensor, told: Tensor): Tensor {
  const withheld = p.weight.shape[0]! - 1;
  return embedding(p, where(less(0.5, told), labels, full(labels.shape, withheld, 'int32')));
}

/** What a network is told beside a class, with parameters of its own. */
export interface Condition {
  readonly parameters: object;
  /** Numbers of a place of the sequence that it gives, and of its vector; absent: it gives none. */
  readonly sequence?: number;
  readonly vector?: number;
  readonly of: (p: never, told: ToldTensors) => { readonly sequence?: Sequence; readonly vector?: Tensor };
}

export interface ToldTensors {
  /** float32 [B]: 1, or 0 where all is withheld. */
  readonly told: Tensor;
  /** Captions, int32 [B, length]. */
  readonly tokens?: Tensor;
  /** A point of some space, [B, size]. */
  readonly point?: Tensor;
}

/** Captions where they are told, and that of an image without one elsewhere: int32 [B, length]. */
export const heardTokens = (tokens: Tensor, told: Tensor): Tensor => mul(tokens, cast(expandDims(told, 1), 'int32'));

/** A caption: its tokens to look at, and its summary. Where it is withheld, it is that of an image without one. */
export const captionCondition = (encoder: TextEncoder): Condition => ({
  parameters: encoder.parameters,
  sequence: encoder.width,
  vector: encoder.width,
  of: (p: TextParameters, { told, tokens }) => {
    const heard = heardTokens(tokens!, told);
    const values = encoder.sequence(p, heard);
    return { sequence: { values, mask: encoder.mask(heard) }, vector: encoder.summary(values, heard) };
  },
});

/** A point of a space of so many numbers; zeros where it is withheld. */
export const pointCondition = (size: number): Condition => ({
  parameters: {},
  vector: size,
  of: (_, { told, point }) => ({ vector: mul(point!, expandDims(told, 1)) }),
});

/** 1 in rows that are told their conditions, 0 in a share of rows that are not: float32 [B]. */
export const drawTold = (draws: Draws, batch: number, withheld: number): Tensor =>
  cast(less(withheld, draws.uniform([batch])), 'float32');

/** @throws ConfigError when a model is to go by classes and there are none */
export function requireClasses(conditional: boolean, classes: number): void {
  if (conditional && classes === 0)
    throw new ConfigError('model.conditional: these images have no labels', { advice: 'Leave conditional off.' });
}
