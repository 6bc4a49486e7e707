import { z } from 'zod';
import { ConfigError } from '../errors.js';
import {
  type Tensor,
  add,
  argMax,
  cast,
  equal,
  expandDims,
  gather,
  greater,
  iota,
  mul,
  reshape,
  sum,
  where,
} from '../tensor/index.js';
import type { TextData } from './image-model.js';
import { type EmbeddingSpec, embedding, embeddingSpec } from './layers.js';
import { type ParameterSpec, type TensorsOf, normal, parameter } from './parameters.js';
import { type Transformer, transformer } from './transformer.js';

/** Captions as vectors: a transformer that sees all of a caption at once, and nothing of what fills it up. */

export const textSettings = {
  textLayers: z.int().positive().default(2).describe('blocks of the transformer that reads captions'),
  textWidth: z.int().positive().default(128).describe('numbers of each of its tokens'),
  textHeads: z.int().positive().default(4).describe('its attention heads'),
};

type TextSettings = { readonly [Key in keyof typeof textSettings]: z.output<(typeof textSettings)[Key]> };

interface TextSpec {
  readonly tokens: EmbeddingSpec;
  /** [1, length, width] */
  readonly positions: ParameterSpec;
  readonly encoder: Pick<Transformer, 'blocks' | 'finalNorm'>;
}

export type TextParameters = TensorsOf<TextSpec>;

export interface TextEncoder {
  readonly parameters: TextSpec;
  /** Numbers of a token. */
  readonly width: number;
  /** int32 [B, length] → [B, length, width] */
  readonly sequence: (p: TextParameters, tokens: Tensor) => Tensor;
  /** Of a sequence [B, length, width] the token that ends the caption, [B, width]: it has seen all the others. */
  readonly summary: (sequence: Tensor, tokens: Tensor) => Tensor;
  /** Added to attention scores, [B, 1, 1, length]: large and negative where a caption is only filled up. */
  readonly mask: (tokens: Tensor) => Tensor;
}

/** @throws ConfigError when the images have no captions, or the width does not divide into the heads */
export function textEncoder(settings: TextSettings, text: TextData | undefined): TextEncoder {
  const { textLayers: layers, textWidth: width, textHeads: heads } = settings;
  if (text === undefined)
    throw new ConfigError('This model reads captions, and these images have none', {
      advice: 'Give images with captions, such as emoji.',
    });
  if (width % heads !== 0)
    throw new ConfigError(`model.textWidth: ${width} does not divide into ${heads} heads (model.textHeads)`);
  const stack = transformer({
    ...{ layers, width, heads, hiddenWidth: 4 * width, keyValueHeads: heads },
    ...{ normalisation: 'layer', normPosition: 'pre', normEpsilon: 1e-5, activation: 'gelu', bias: true },
    initialisation: 1 / Math.sqrt(width),
  });
  const mask = (tokens: Tensor): Tensor => expandDims(expandDims(where(greater(tokens, 0), 0, -1e9), 1), 1);
  return {
    parameters: {
      tokens: embeddingSpec(text.vocabulary, width, normal(0.5)),
      positions: parameter([1, text.length, width], { init: normal(0.1), decay: false }),
      encoder: { blocks: stack.blocks, ...(stack.finalNorm && { finalNorm: stack.finalNorm }) },
    },
    width,
    mask,
    sequence: (p, tokens) => stack.encode(p.encoder, add(embedding(p.tokens, tokens), p.positions), mask(tokens)),
    summary: (sequence, tokens) => {
      const [batch, length] = tokens.shape as [number, number];
      // The end is the greatest token of all.
      const end = add(argMax(tokens), mul(iota([batch]), length));
      return gather(reshape(sequence, [batch * length, width]), end);
    },
  };
}

/** 1 where two captions are the same, token by token: int32 [B, length] → float32 [B, B]. */
export function sameCaptions(tokens: Tensor): Tensor {
  const length = tokens.shape[1]!;
  const equals = cast(equal(expandDims(tokens, 0), expandDims(tokens, 1)), 'float32');
  return cast(greater(sum(equals, { axes: 2 }), length - 0.5), 'float32');
}
