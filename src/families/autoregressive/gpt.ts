import {
  type EmbeddingSpec,
  type LinearSpec,
  type NormSpec,
  Dropout,
  embedding,
  embeddingSpec,
  linear,
  linearSpec,
  norm,
  normSpec,
} from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import {
  type Tensor,
  add,
  attention,
  cachedAttention,
  causalMask,
  constant,
  crossEntropy,
  gather,
  gelu,
  joinHeads,
  matmul,
  maskedMean,
  mean,
  mul,
  relu,
  reshape,
  rotaryEmbedding,
  silu,
  squaredRelu,
  splitHeads,
  topK,
} from '../../tensor/index.js';
import { type GptConfig, type GptOptions, gptConfig } from './gpt-config.js';

/** A decoder-only transformer: GPT-1, GPT-2, GPT-3 and today's shape are configurations of it. */

interface BlockSpec {
  readonly attentionNorm: NormSpec;
  readonly query: LinearSpec;
  readonly key: LinearSpec;
  readonly value: LinearSpec;
  readonly projection: LinearSpec;
  readonly feedForwardNorm: NormSpec;
  readonly gate?: LinearSpec;
  readonly up: LinearSpec;
  readonly down: LinearSpec;
}

export interface GptSpec {
  readonly tokens: EmbeddingSpec;
  readonly positions?: EmbeddingSpec;
  readonly blocks: readonly BlockSpec[];
  readonly finalNorm?: NormSpec;
  readonly head?: LinearSpec;
}

export type GptParameters = TensorsOf<GptSpec>;
type BlockParameters = TensorsOf<BlockSpec>;

export interface ForwardOptions {
  /** int32 [T] or [B, T]; 0, 1, 2, … by default. */
  positions?: Tensor;
  /** Added to the attention scores beside the causal mask; broadcasts to [B, H, T, T]. */
  mask?: Tensor;
  /** int32 [2]: turns dropout on. */
  dropoutKey?: Tensor;
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
  /** New tokens [B, S] on top of a cache → hidden states [B, S, width] and the longer cache. See `cachedAttention`. */
  decode(
    parameters: GptParameters,
    tokens: Tensor,
    state: { positions: Tensor; lengths: Tensor; cache: GptCache },
  ): { hidden: Tensor; cache: GptCache };
}

/** The declared parameters. Residual projections start smaller by √(2L), so that the stream keeps its size (GPT-2). */
function gptSpec(config: GptConfig): GptSpec {
  const { vocabularySize, contextLength, layers, width, hiddenWidth, heads, keyValueHeads, normalisation, bias } =
    config;
  const init = normal(config.initialisation);
  const residual = normal(config.initialisation / Math.sqrt(2 * layers));
  const keyValueWidth = (width / heads) * keyValueHeads;
  const block = (): BlockSpec => ({
    attentionNorm: normSpec(normalisation, width, { bias }),
    query: linearSpec(width, width, { bias, init }),
    key: linearSpec(width, keyValueWidth, { bias, init }),
    value: linearSpec(width, keyValueWidth, { bias, init }),
    projection: linearSpec(width, width, { bias, init: residual }),
    feedForwardNorm: normSpec(normalisation, width, { bias }),
    ...(config.activation === 'swiglu' && { gate: linearSpec(width, hiddenWidth, { bias, init }) }),
    up: linearSpec(width, hiddenWidth, { bias, init }),
    down: linearSpec(hiddenWidth, width, { bias, init: residual }),
  });
  return {
    tokens: embeddingSpec(vocabularySize, width, init),
    ...(config.positions === 'learned' && { positions: embeddingSpec(contextLength, width, init) }),
    blocks: Array.from({ length: layers }, block),
    ...(config.normPosition === 'pre' && { finalNorm: normSpec(normalisation, width, { bias }) }),
    ...(!config.tiedHead && { head: linearSpec(width, vocabularySize, { bias: false, init }) }),
  };
}

const activations = {
  gelu,
  'gelu-exact': (x: Tensor) => gelu(x, 'erf'),
  relu,
  'squared-relu': squaredRelu,
  silu,
  squaredRelu,
  swiglu: silu,
};

/** Builds a GPT. @throws ConfigError naming the key that cannot be */
export function gpt(options: GptOptions): Gpt {
  const config = gptConfig(options);
  const { heads, keyValueHeads, normalisation, normEpsilon, contextLength } = config;
  const parameters = gptSpec(config);

  const normalise = (p: TensorsOf<NormSpec>, x: Tensor): Tensor => norm(normalisation, p, x, normEpsilon);
  const windowOf = (index: number): number => (config.bandedWindow > 0 && index % 2 === 1 ? config.bandedWindow : 0);

  const feedForward = (p: BlockParameters, x: Tensor): Tensor => {
    const up = linear(p.up, x);
    const activate = activations[config.activation];
    return linear(p.down, p.gate ? mul(activate(linear(p.gate, x)), up) : activate(up));
  };

  /** The block's two sub-layers around whichever attention is given. */
  const block = (p: BlockParameters, x: Tensor, attend: (x: Tensor) => Tensor, dropout: Dropout): Tensor => {
    const sublayer = (y: Tensor, norms: TensorsOf<NormSpec>, fn: (y: Tensor) => Tensor): Tensor =>
      config.normPosition === 'pre'
        ? add(y, dropout.apply(fn(normalise(norms, y))))
        : normalise(norms, add(y, dropout.apply(fn(y))));
    return sublayer(sublayer(x, p.attentionNorm, attend), p.feedForwardNorm, (y) => feedForward(p, y));
  };

  /** Query and key [B, H or K, T, D], turned by position where positions are rotary. */
  const project = (p: BlockParameters, x: Tensor, positions: Tensor) => {
    const turn = (y: Tensor): Tensor =>
      config.positions === 'rotary'
        ? rotaryEmbedding(y, positions, { base: config.rotaryBase, context: contextLength })
        : y;
    return {
      query: turn(splitHeads(linear(p.query, x), heads)),
      key: turn(splitHeads(linear(p.key, x), keyValueHeads)),
      value: splitHeads(linear(p.value, x), keyValueHeads),
    };
  };

  const embed = (p: GptParameters, tokens: Tensor, positions: Tensor): Tensor => {
    const embedded = embedding(p.tokens, tokens);
    return p.positions ? add(embedded, gather(p.positions.weight, positions)) : embedded;
  };
  const finish = (p: GptParameters, x: Tensor): Tensor => (p.finalNorm ? normalise(p.finalNorm, x) : x);

  const hidden: Gpt['hidden'] = (p, tokens, { positions, mask, dropoutKey } = {}) => {
    const time = tokens.shape[1]!;
    const at = positions ?? constant(Int32Array.from({ length: time }, (_, index) => index));
    const dropout = new Dropout(config.dropout, dropoutKey);
    let x = dropout.apply(embed(p, tokens, at));
    p.blocks.forEach((layer, index) => {
      const causal = causalMask(time, time, windowOf(index));
      const attend = (y: Tensor): Tensor => {
        const { query, key, value } = project(layer, y, at);
        const attended = attention(query, key, value, {
          mask: mask ? add(causal, mask) : causal,
          ...(dropout.active && { weightTransform: (weights: Tensor) => dropout.apply(weights) }),
        });
        return linear(layer.projection, joinHeads(attended));
      };
      x = block(layer, x, attend, dropout);
    });
    return finish(p, x);
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
    decode: (p, tokens, { positions, lengths, cache }) => {
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
            { heads, keyValueHeads, window: windowOf(index), scale: 1 / Math.sqrt(config.width / heads) },
          );
          grown.push({ key: keyCache, value: valueCache });
          return linear(layer.projection, output);
        };
        x = block(layer, x, attend, new Dropout(0));
      });
      return { hidden: finish(p, x), cache: grown };
    },
  };
}
