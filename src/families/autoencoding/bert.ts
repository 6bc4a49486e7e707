import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { Dropout, embedding, embeddingSpec, linear, linearSpec, norm, normSpec } from '../../nn/layers.js';
import { type TensorsOf, normal, parameter } from '../../nn/parameters.js';
import type { TextForward, TextModel, TextModelDefinition } from '../../nn/text-model.js';
import { type Transformer, transformer } from '../../nn/transformer.js';
import {
  Draws,
  type Tensor,
  add,
  broadcastTo,
  cast,
  concat,
  constant,
  crossEntropy,
  float32,
  full,
  gather,
  gelu,
  greaterEqual,
  int32,
  iota,
  less,
  maskedMean,
  matmul,
  mul,
  reshape,
  sliceAxis,
  topK,
  where,
} from '../../tensor/index.js';

/**
 * BERT (Devlin et al. 2019): a transformer that sees both sides of a token learns to name tokens that were hidden from it.
 * Tasks read the first token, which is the start of every sequence. Left out: the guess whether one sentence follows
 * another, which later work found to help little (Liu et al. 2019), and with it the embedding of sentences.
 */

/** Of the tokens that are to be predicted. */
export const BERT_CONTROL = { mask: '<|mask|>', start: '<|start|>' } as const;

const schema = z.strictObject({
  contextLength: z.int().min(2).default(128).describe('longest sequence the model sees, in tokens'),
  layers: z.int().positive().default(4).describe('number of transformer blocks'),
  heads: z.int().positive().default(4).describe('attention heads per block'),
  width: z.int().positive().default(128).describe('width of the residual stream'),
  normPosition: z
    .enum(['pre', 'post'])
    .default('post')
    .describe('normalise before each sub-layer or after the residual sum'),
  hidden: z.number().gt(0).lt(1).default(0.15).describe('share of the tokens that are to be predicted'),
  dropout: z.number().min(0).max(0.99).default(0).describe('probability of zeroing an activation while training'),
  initialisation: z.number().positive().default(0.02).describe('standard deviation of the initial weights'),
});
export type BertSettings = z.output<typeof schema>;

function bertSpec(settings: BertSettings, vocabulary: number, { blocks, finalNorm }: Transformer) {
  const { contextLength, width } = settings;
  const init = normal(settings.initialisation);
  return {
    tokens: embeddingSpec(vocabulary, width, init),
    positions: embeddingSpec(contextLength, width, init),
    norm: normSpec('layer', width),
    encoder: { blocks, ...(finalNorm && { finalNorm }) },
    prediction: {
      transform: linearSpec(width, width, { init }),
      norm: normSpec('layer', width),
      bias: parameter([vocabulary]),
    },
  };
}
type BertParameters = TensorsOf<ReturnType<typeof bertSpec>>;

/** Which tokens of a stretch are hidden, and what stands there instead. */
export interface HiddenTokens {
  /** int32 [B, T]: what the model sees. */
  readonly seen: Tensor;
  /** int32 [B, K]: where the hidden ones are. */
  readonly places: Tensor;
}

/**
 * Hides as many tokens of each row, drawn by chance, as the share makes: of ten, eight become the mask, one a token drawn
 * from the whole vocabulary, and one stays as it is (section 3.1).
 *
 * @param tokens int32 [B, T]
 * @param key int32 [2]
 */
export function hideTokens(
  tokens: Tensor,
  key: Tensor,
  { share, mask, vocabulary }: { share: number; mask: number; vocabulary: number },
): HiddenTokens {
  const [batch, time] = tokens.shape as [number, number];
  const draws = new Draws(key);
  const order = draws.uniform([batch, time]);
  const count = Math.max(1, Math.round(share * time));
  const { values, indices: places } = topK(order, count);
  const isHidden = greaterEqual(order, sliceAxis(values, { axis: 1, start: count - 1 }));
  const how = draws.uniform([batch, time]);
  const drawn = cast(mul(draws.uniform([batch, time]), vocabulary), 'int32');
  const other = where(less(how, 0.8), full([batch, time], mask, 'int32'), where(less(how, 0.9), drawn, tokens));
  return { seen: where(isHidden, other, tokens), places };
}

/** @throws ConfigError when the width does not divide into the heads */
export function bert(settings: BertSettings, vocabulary: { size: number; mask: number; start: number }) {
  const { contextLength, layers, heads, width, normPosition, dropout: rate } = settings;
  if (width % heads !== 0) throw new ConfigError(`model.width: ${width} does not divide into ${heads} heads`);
  const stack = transformer({
    ...{ layers, width, heads, hiddenWidth: 4 * width, keyValueHeads: heads },
    ...{ normalisation: 'layer', normPosition, normEpsilon: 1e-12, activation: 'gelu-exact', bias: true },
    initialisation: settings.initialisation,
  });
  const hidden = (p: BertParameters, tokens: Tensor, { positions, mask, dropoutKey }: TextForward = {}): Tensor => {
    const dropout = new Dropout(rate, dropoutKey);
    const at = positions ?? constant(Int32Array.from({ length: tokens.shape[1]! }, (_, index) => index));
    const embedded = add(embedding(p.tokens, tokens), gather(p.positions.weight, at));
    return stack.encode(p.encoder, dropout.apply(norm('layer', p.norm, embedded, 1e-12)), mask, dropout);
  };
  /** States [..., width] → logits [..., vocabulary]. */
  const predict = (p: BertParameters, states: Tensor): Tensor => {
    const { transform, norm: own, bias } = p.prediction;
    const transformed = norm('layer', own, gelu(linear(transform, states), 'erf'), 1e-12);
    return add(matmul(transformed, p.tokens.weight, { transposeB: true }), bias);
  };
  /** tokens int32 [B, T], which a start is put before; mask [B, T] says which count. */
  const loss = (p: BertParameters, { tokens, mask, key }: { tokens: Tensor; mask: Tensor; key: Tensor }): Tensor => {
    const [batch, time] = tokens.shape as [number, number];
    const { seen, places } = hideTokens(tokens, key, {
      share: settings.hidden,
      mask: vocabulary.mask,
      vocabulary: vocabulary.size,
    });
    const inputs = concat([full([batch, 1], vocabulary.start, 'int32'), seen], 1);
    const states = hidden(p, inputs, rate > 0 ? { dropoutKey: key } : {});
    /** Places in rows of a length, as places in all of them. */
    const flat = (length: number, shift: number): Tensor =>
      reshape(add(places, broadcastTo(add(mul(iota([batch, 1]), length), shift), places.shape)), [-1]);
    const read = gather(reshape(states, [-1, width]), flat(time + 1, 1));
    const predicted = crossEntropy(predict(p, read), gather(reshape(tokens, [-1]), flat(time, 0)));
    return maskedMean(predicted, gather(reshape(mask, [-1]), flat(time, 0)));
  };
  return {
    config: { vocabularySize: vocabulary.size, contextLength, width },
    parameters: bertSpec(settings, vocabulary.size, stack),
    hidden,
    predict,
    loss,
  };
}

export const textDefinition: TextModelDefinition<typeof schema> = {
  name: 'bert',
  title: 'BERT',
  source: 'Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers, arXiv:1810.04805',
  schema,
  controls: [BERT_CONTROL.mask, BERT_CONTROL.start],
  build: (settings, { size, controls }): TextModel => {
    const [mask, start] = controls as [number, number];
    const { config, parameters, hidden, loss } = bert(settings, { size, mask, start });
    const time = config.contextLength - 1;
    return {
      config,
      parameters,
      body: { config, parameters, hidden, reads: 'first' },
      pretraining: {
        reads: 'windows',
        batch: (batchSize) => ({
          tokens: int32(batchSize, time + 1),
          mask: float32(batchSize, time),
          key: int32(2),
        }),
        loss: (p: BertParameters, { tokens, mask: counts, key }: { tokens: Tensor; mask: Tensor; key: Tensor }) => ({
          loss: loss(p, { tokens: sliceAxis(tokens, { axis: 1, start: 1 }), mask: counts, key }),
        }),
      },
    };
  },
};
