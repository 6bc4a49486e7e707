import { ConfigError } from '../errors.js';
import {
  type Tensor,
  cast,
  cumsum,
  equal,
  gather,
  gelu,
  layerNorm,
  maximum,
  reshape,
  sub,
  where,
} from '../tensor/index.js';
import type { ImageData, PartFeatures } from './image-model.js';
import { type LinearSpec, type NormSpec, linear, linearSpec, normSpec, scaledNormal } from './layers.js';
import { type TensorsOf, normal } from './parameters.js';

/**
 * How a language model sees: an encoder of images, and a projector that turns what the encoder makes of each part of an
 * image into vectors in place of tokens (LLaVA: Liu et al. 2023, arXiv:2304.08485; its two layers: arXiv:2310.03744).
 */

export interface EyeSpec {
  /** The encoder's own, as `PartFeatures` declares them. */
  readonly encoder: object;
  readonly projector: {
    readonly norm: NormSpec;
    readonly first: LinearSpec;
    readonly second?: LinearSpec;
  };
}

export type EyeParameters = TensorsOf<EyeSpec>;

export interface EyeOptions {
  /** What looks, and at which images. */
  readonly parts: PartFeatures;
  readonly data: ImageData;
  /** Of the language model. */
  readonly width: number;
  /** The token that keeps a place for one vector. */
  readonly placeholder: number;
  /** Tokens of an image: neighbouring parts are joined until there are so many. Default: one a part. */
  readonly tokens?: number;
  /** One layer, or two with a non-linearity between them. */
  readonly projector: 'linear' | 'mlp';
}

export interface Eye {
  readonly data: ImageData;
  readonly placeholder: number;
  /** Of one image. */
  readonly tokens: number;
  readonly parameters: EyeSpec;
  /** images [N, C, H, W] → [N · tokens, width] */
  see(parameters: EyeParameters, images: Tensor): Tensor;
  /**
   * Puts what it sees where the placeholders are: the n-th of them, in the order of reading row by row, is the n-th
   * vector. Images beyond the placeholders are not looked at.
   *
   * @param embedded [B, T, width]
   * @param tokens int32 [B, T]
   */
  insert(parameters: EyeParameters, embedded: Tensor, tokens: Tensor, images: Tensor): Tensor;
}

/** @throws ConfigError when the parts of an image cannot be joined to so many tokens */
export function eye(options: EyeOptions): Eye {
  const { parts, data, width, placeholder, projector } = options;
  const tokens = options.tokens ?? parts.count;
  if (parts.count % tokens !== 0) {
    throw new ConfigError(`eye.tokens: ${parts.count} parts of an image do not divide into ${tokens} tokens`, {
      advice: `Take a divisor of ${parts.count}.`,
    });
  }
  const size = (parts.size * parts.count) / tokens;
  const see: Eye['see'] = (p, images) => {
    const found = parts.of(p.encoder as never, { images });
    const { norm, first, second } = p.projector;
    const joined = layerNorm(reshape(found, [images.shape[0]! * tokens, size]), norm.scale, norm.bias);
    const projected = linear(first, joined);
    return second ? linear(second, gelu(projected)) : projected;
  };
  return {
    data,
    placeholder,
    tokens,
    parameters: {
      encoder: parts.parameters,
      projector: {
        norm: normSpec('layer', size),
        first: linearSpec(size, width, { init: projector === 'mlp' ? scaledNormal(size) : normal(0.02) }),
        ...(projector === 'mlp' && { second: linearSpec(width, width, { init: normal(0.02) }) }),
      },
    },
    see,
    insert: (p, embedded, tokenIds, images) => {
      const vectors = see(p, images);
      const isPlace = equal(reshape(tokenIds, [-1]), placeholder);
      const places = sub(cumsum(cast(isPlace, 'float32')), 1);
      // A text without images still gathers somewhere; what it finds is not used.
      const seen = gather(vectors, cast(maximum(places, 0), 'int32'));
      const [rows, time] = tokenIds.shape as [number, number];
      const mask = reshape(isPlace, [rows, time, 1]);
      return where(mask, reshape(seen, [rows, time, width]), embedded);
    },
  };
}
