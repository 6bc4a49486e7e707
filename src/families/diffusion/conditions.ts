import { ConfigError } from '../../errors.js';
import { type EmbeddingSpec, embedding, embeddingSpec } from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import { type Draws, type Tensor, cast, full, less, where } from '../../tensor/index.js';

/** What a network is told about an image beside the noisy image itself, and how it is withheld. */

/** A vector for each class, and a last one for where the class is withheld (Ho & Salimans 2022). */
export const classSpec = (classes: number, size: number): EmbeddingSpec =>
  embeddingSpec(classes + 1, size, normal(0.5));

/** @param told float32 [B]: 1, or 0 where the class is withheld */
export function classVector(p: TensorsOf<EmbeddingSpec>, labels: Tensor, told: Tensor): Tensor {
  const withheld = p.weight.shape[0]! - 1;
  return embedding(p, where(less(0.5, told), labels, full(labels.shape, withheld, 'int32')));
}

/** 1 in rows that are told their conditions, 0 in a share of rows that are not: float32 [B]. */
export const drawTold = (draws: Draws, batch: number, withheld: number): Tensor =>
  cast(less(withheld, draws.uniform([batch])), 'float32');

/** @throws ConfigError when a model is to go by classes and there are none */
export function requireClasses(conditional: boolean, classes: number): void {
  if (conditional && classes === 0)
    throw new ConfigError('model.conditional: these images have no labels', { advice: 'Leave conditional off.' });
}
