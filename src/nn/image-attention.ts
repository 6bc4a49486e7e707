import { type Tensor, add, attention, joinHeads, reshape, splitHeads, transpose } from '../tensor/index.js';
import {
  type LinearSpec,
  type NormSpec,
  groupNormSpec,
  linear,
  linearSpec,
  normaliseGroups,
  scaledNormal,
} from './layers.js';
import type { TensorsOf } from './parameters.js';

/** Attention among the places of an image, or from them to a sequence, e.g. the words of a caption. */

export interface ImageAttentionSpec {
  readonly norm: Required<NormSpec>;
  readonly query: LinearSpec;
  readonly key: LinearSpec;
  readonly value: LinearSpec;
  /** Zeros at first: the layer begins as the identity. */
  readonly projection: LinearSpec;
}

/** @param from numbers of a place of what is looked at; default: the image itself */
export const imageAttentionSpec = (channels: number, from = channels): ImageAttentionSpec => ({
  norm: groupNormSpec(channels),
  query: linearSpec(channels, channels, { init: scaledNormal(channels) }),
  key: linearSpec(from, channels, { init: scaledNormal(from) }),
  value: linearSpec(from, channels, { init: scaledNormal(from) }),
  projection: linearSpec(channels, channels, { init: { kind: 'zeros' } }),
});

/** What places look at, if not at each other. */
export interface Sequence {
  /** [B, length, numbers] */
  readonly values: Tensor;
  /** Added to the scores, [B, 1, 1, length]: large and negative where there is nothing to look at. */
  readonly mask?: Tensor;
}

/** x [B, C, H, W] and what its places find, the same shape. */
export function attendImage(
  p: TensorsOf<ImageAttentionSpec>,
  x: Tensor,
  options: { readonly heads: number; readonly groups: number; readonly sequence?: Sequence },
): Tensor {
  const { heads, groups, sequence } = options;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const places = (image: Tensor): Tensor => transpose(reshape(image, [batch, channels, height * width]), [0, 2, 1]);
  const normalised = places(normaliseGroups(p.norm, x, groups));
  const seen = sequence?.values ?? normalised;
  const found = attention(
    splitHeads(linear(p.query, normalised), heads),
    splitHeads(linear(p.key, seen), heads),
    splitHeads(linear(p.value, seen), heads),
    { ...(sequence?.mask && { mask: sequence.mask }) },
  );
  const projected = linear(p.projection, joinHeads(found));
  return add(x, reshape(transpose(projected, [0, 2, 1]), x.shape));
}
