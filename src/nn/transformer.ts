import {
  type Tensor,
  add,
  attention,
  gelu,
  joinHeads,
  mul,
  relu,
  silu,
  splitHeads,
  squaredRelu,
} from '../tensor/index.js';
import { type LinearSpec, type NormSpec, Dropout, linear, linearSpec, norm, normSpec } from './layers.js';
import { type TensorsOf, normal } from './parameters.js';

/** The transformer's block (Vaswani et al. 2017), which decoders of text and encoders of images are stacks of. */

const activations = {
  gelu,
  'gelu-exact': (x: Tensor) => gelu(x, 'erf'),
  relu,
  'squared-relu': squaredRelu,
  silu,
  /** Of the gate that multiplies the layer (Shazeer 2020). */
  swiglu: silu,
};

export interface TransformerConfig {
  readonly layers: number;
  readonly width: number;
  /** Width inside the feed-forward layer. */
  readonly hiddenWidth: number;
  readonly heads: number;
  /** Dividing `heads`; fewer means grouped queries. */
  readonly keyValueHeads: number;
  readonly normalisation: 'layer' | 'rms';
  /** Each sub-layer's norm before it (GPT-2), or after the residual sum (GPT-1). */
  readonly normPosition: 'pre' | 'post';
  readonly normEpsilon: number;
  readonly activation: keyof typeof activations;
  readonly bias: boolean;
  /** Standard deviation of the initial weights. */
  readonly initialisation: number;
}

export interface BlockSpec {
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

export type BlockParameters = TensorsOf<BlockSpec>;

export interface Transformer {
  readonly blocks: readonly BlockSpec[];
  /** The norm after the last block, where norms stand before their sub-layers. */
  readonly finalNorm?: NormSpec;
  /** The block's two sub-layers around whichever attention is given: x [B, T, width] → the same. */
  block(p: BlockParameters, x: Tensor, attend: (x: Tensor) => Tensor, dropout?: Dropout): Tensor;
  /** x [B, T, width] → query [B, H, T, D], key and value [B, K, T, D]. */
  project(p: BlockParameters, x: Tensor): { query: Tensor; key: Tensor; value: Tensor };
  normalise(p: TensorsOf<NormSpec>, x: Tensor): Tensor;
  /**
   * Every block with attention from everywhere to everywhere that the mask (see `attention`) leaves, and the final norm: an
   * encoder. [B, T, width] → the same.
   */
  encode(
    p: { blocks: readonly BlockParameters[]; finalNorm?: TensorsOf<NormSpec> },
    x: Tensor,
    mask?: Tensor,
    dropout?: Dropout,
  ): Tensor;
}

/** Declares a stack of blocks. Residual projections start smaller by √(2L), so that the stream keeps its size (GPT-2). */
export function transformer(config: TransformerConfig): Transformer {
  const { layers, width, hiddenWidth, heads, keyValueHeads, normalisation, normPosition, bias } = config;
  const init = normal(config.initialisation);
  const residual = normal(config.initialisation / Math.sqrt(2 * layers));
  const keyValueWidth = (width / heads) * keyValueHeads;
  const blockSpec = (): BlockSpec => ({
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

  const normalise = (p: TensorsOf<NormSpec>, x: Tensor): Tensor => norm(normalisation, p, x, config.normEpsilon);
  const feedForward = (p: BlockParameters, x: Tensor): Tensor => {
    const up = linear(p.up, x);
    const activate = activations[config.activation];
    return linear(p.down, p.gate ? mul(activate(linear(p.gate, x)), up) : activate(up));
  };
  const block: Transformer['block'] = (p, x, attend, dropout = new Dropout(0)) => {
    const sublayer = (y: Tensor, norms: TensorsOf<NormSpec>, fn: (y: Tensor) => Tensor): Tensor =>
      normPosition === 'pre'
        ? add(y, dropout.apply(fn(normalise(norms, y))))
        : normalise(norms, add(y, dropout.apply(fn(y))));
    return sublayer(sublayer(x, p.attentionNorm, attend), p.feedForwardNorm, (y) => feedForward(p, y));
  };
  const project: Transformer['project'] = (p, x) => ({
    query: splitHeads(linear(p.query, x), heads),
    key: splitHeads(linear(p.key, x), keyValueHeads),
    value: splitHeads(linear(p.value, x), keyValueHeads),
  });

  return {
    blocks: Array.from({ length: layers }, blockSpec),
    ...(normPosition === 'pre' && { finalNorm: normSpec(normalisation, width, { bias }) }),
    block,
    project,
    normalise,
    encode: (p, x, mask, dropout) => {
      const weights = dropout?.active === true && { weightTransform: (shares: Tensor) => dropout.apply(shares) };
      const attend = (layer: BlockParameters) => (y: Tensor) => {
        const { query, key, value } = project(layer, y);
        return linear(layer.projection, joinHeads(attention(query, key, value, { ...(mask && { mask }), ...weights })));
      };
      const last = p.blocks.reduce((y, layer) => block(layer, y, attend(layer), dropout), x);
      return p.finalNorm ? normalise(p.finalNorm, last) : last;
    },
  };
}
