import {
  type EmbeddingSpec,
  type LinearSpec,
  type NormSpec,
  Dropout,
  embedding,
  embeddingSpec,
  linear,
  linearSpec,
} from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import { type BlockParameters, type BlockSpec, type Transformer, transformer } from '../../nn/transformer.js';
import {
  type Tensor,
  add,
  attention,
  cachedAttention,
  causalMask,
  constant,
  crossEntropy,
  gather,
  joinHeads,
  matmul,
  maskedMean,
  mean,
  reshape,
  rotaryEmbedding,
  topK,
} from '../../tensor/index.js';
import { type GptConfig, type GptOptions, gptConfig } from './gpt-config.js';

/** A decoder-only transformer: GPT-1, GPT-2, GPT-3 and today's shape are configurations of it. */

export interface GptSpec {
  readonly tokens: EmbeddingSpec;
  readonly positions?: EmbeddingSpec;
  readonly blocks: readonly BlockSpec[];
  readonly finalNorm?: NormSpec;
  readonly head?: LinearSpec;
}

export type GptParameters = TensorsOf<GptSpec>;

export interface ForwardOptions {
  /** int32 [T] or [B, T]; 0, 1, 2, … by default. */
  positions?: Tensor;
  /** Added to the attention scores beside the causal mask; broadcasts to [B, H, T, T]. */
  mask?: Tensor;
  /** int32 [2]: turns dropout on. */
  dropoutKey?: Tensor;
  /** Stop after so many blocks: hidden states as they are there, not normalised. Default: all blocks. */
  blocks?: number;
}

export interface LossOptions extends ForwardOptions {
  /** No batch counts more targets than this: the head is then computed for so many alone. */
  mostTargets?: number;
}

/** Keys and values of earlier tokens, one pair a block: [B, K, M, D] each. */
export type GptCache = readonly { readonly key: Tensor; readonly value: Tensor }[];

export interface Gpt {
  readonly config: GptConfig;
  readonly parameters: GptSpec;
  /** tokens int32 [B, T] → hidden states [B, T, width], normalised. */
  hidden(parameters: GptParameters, tokens: Tensor, options?: ForwardOptions): Tensor;
  /** hidden states [..., width] → logits [..., V]. */
  head(parameters: GptParameters, hidden: Tensor): Tensor;
  /** tokens int32 [B, T] → logits [B, T, V]. */
  logits(parameters: GptParameters, tokens: Tensor, options?: ForwardOptions): Tensor;
  /**
   * Mean cross-entropy in nats per token: of each target [B, T] after the inputs [B, T] up to its place. A mask [B, T]
   * says which targets count.
   */
  loss(parameters: GptParameters, inputs: Tensor, targets: Tensor, mask?: Tensor, options?: LossOptions): Tensor;
  /**
   * New tokens [B, S] on top of a cache → hidden states [B, S, width] and the longer cache. Several at once begin the
   * cache, or with `continues` go on from it. See `cachedAttention`.
   */
  decode(
    parameters: GptParameters,
    tokens: Tensor,
    state: { positions: Tensor; lengths: Tensor; cache: GptCache; continues?: boolean },
  ): { hidden: Tensor; cache: GptCache };
}

/** The declared parameters around the blocks. */
function gptSpec(config: GptConfig, { blocks, finalNorm }: Transformer): GptSpec {
  const { vocabularySize, contextLength, width } = config;
  const init = normal(config.initialisation);
  return {
    tokens: embeddingSpec(vocabularySize, width, init),
    ...(config.positions === 'learned' && { positions: embeddingSpec(contextLength, width, init) }),
    blocks,
    ...(finalNorm && { finalNorm }),
    ...(!config.tiedHead && { head: linearSpec(width, vocabularySize, { bias: false, init }) }),
  };
}

/** Builds a GPT. @throws ConfigError naming the key that cannot be */
export function gpt(options: GptOptions): Gpt {
  const config = gptConfig(options);
  const { heads, keyValueHeads, contextLength } = config;
  const stack = transformer(config);
  const parameters = gptSpec(config, stack);

  const windowOf = (index: number): number => (config.bandedWindow > 0 && index % 2 === 1 ? config.bandedWindow : 0);

  /** Query and key [B, H or K, T, D], turned by position where positions are rotary. */
  const project = (p: BlockParameters, x: Tensor, positions: Tensor) => {
    const turn = (y: Tensor): Tensor =>
      config.positions === 'rotary'
        ? rotaryEmbedding(y, positions, { base: config.rotaryBase, context: contextLength })
        : y;
    const { query, key, value } = stack.project(p, x);
    return { query: turn(query), key: turn(key), value };
  };

  const embed = (p: GptParameters, tokens: Tensor, positions: Tensor): Tensor => {
    const embedded = embedding(p.tokens, tokens);
    return p.positions ? add(embedded, gather(p.positions.weight, positions)) : embedded;
  };
  const finish = (p: GptParameters, x: Tensor): Tensor => (p.finalNorm ? stack.normalise(p.finalNorm, x) : x);

  const hidden: Gpt['hidden'] = (p, tokens, { positions, mask, dropoutKey, blocks } = {}) => {
    const time = tokens.shape[1]!;
    const at = positions ?? constant(Int32Array.from({ length: time }, (_, index) => index));
    const dropout = new Dropout(config.dropout, dropoutKey);
    let x = dropout.apply(embed(p, tokens, at));
    p.blocks.slice(0, blocks).forEach((layer, index) => {
      const causal = causalMask(time, time, windowOf(index));
      const attend = (y: Tensor): Tensor => {
        const { query, key, value } = project(layer, y, at);
        const attended = attention(query, key, value, {
          mask: mask ? add(causal, mask) : causal,
          ...(dropout.active && { weightTransform: (weights: Tensor) => dropout.apply(weights) }),
        });
        return linear(layer.projection, joinHeads(attended));
      };
      x = stack.block(layer, x, attend, dropout);
    });
    return blocks === undefined ? finish(p, x) : x;
  };

  const head: Gpt['head'] = (p, x) => (p.head ? linear(p.head, x) : matmul(x, p.tokens.weight, { transposeB: true }));
  const logits: Gpt['logits'] = (p, tokens, forward) => head(p, hidden(p, tokens, forward));

  return {
    config,
    parameters,
    hidden,
    head,
    logits,
    loss: (p, inputs, targets, mask, { mostTargets = Infinity, ...forward } = {}) => {
      const states = hidden(p, inputs, forward);
      if (!mask) return mean(crossEntropy(head(p, states), targets));
      if (mostTargets >= targets.shape[0]! * targets.shape[1]!)
        return maskedMean(crossEntropy(head(p, states), targets), mask);
      const { values: counts, indices } = topK(reshape(mask, [-1]), mostTargets);
      const counted = gather(reshape(states, [-1, config.width]), indices);
      return maskedMean(crossEntropy(head(p, counted), gather(reshape(targets, [-1]), indices)), counts);
    },
    decode: (p, tokens, { positions, lengths, cache, continues = false }) => {
      const grown: { key: Tensor; value: Tensor }[] = [];
      let x = embed(p, tokens, positions);
      p.blocks.forEach((layer, index) => {
        const attend = (y: Tensor): Tensor => {
          const { query, key, value } = project(layer, y, positions);
          const { output, keyCache, valueCache } = cachedAttention(
            {
              query: joinHeads(query),
              key: joinHeads(key),
              value: joinHeads(value),
              pastKey: cache[index]!.key,
              pastValue: cache[index]!.value,
              lengths,
            },
            { heads, keyValueHeads, window: windowOf(index), scale: 1 / Math.sqrt(config.width / heads), continues },
          );
          grown.push({ key: keyCache, value: valueCache });
          return linear(layer.projection, output);
        };
        x = stack.block(layer, x, attend);
      });
      return { hidden: finish(p, x), cache: grown };
    },
  };
}
