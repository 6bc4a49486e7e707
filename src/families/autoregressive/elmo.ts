import { z } from 'zod';
import { type EmbeddingSpec, Dropout, embedding, embeddingSpec, linear, linearSpec } from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import { lstm, lstmSpec } from '../../nn/recurrent.js';
import type { PaddedText, TextModel, TextModelDefinition } from '../../nn/text-model.js';
import {
  type Tensor,
  add,
  cast,
  concat,
  crossEntropy,
  div,
  expandDims,
  float32,
  int32,
  iota,
  less,
  maskedMean,
  matmul,
  mean,
  mul,
  reverse,
  sliceAxis,
  squeeze,
  stack,
  sum,
} from '../../tensor/index.js';

/**
 * ELMo (Peters et al. 2018): a language model forward and one backward, both of LSTMs, with one embedding and one softmax
 * for both. A text is what its layers say of it; a task learns how much of each. Words are tokens here, where the paper
 * builds them of characters.
 */

const schema = z.strictObject({
  contextLength: z.int().min(2).default(32).describe('tokens of a stretch of text; a program has a cell for each'),
  layers: z.int().positive().default(2).describe('LSTMs upon each other, in each direction'),
  width: z.int().positive().default(128).describe('numbers of an embedding, and of what a layer gives'),
  units: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('units of an LSTM, projected to the width (default: the width)'),
  longestText: z.int().positive().default(64).describe('tokens that are read of a text of a task'),
  dropout: z.number().min(0).max(0.99).default(0).describe('probability of zeroing an input of a layer while training'),
});
export type ElmoSettings = z.output<typeof schema>;

const elmoSpec = ({ layers, width, units }: ElmoSettings, vocabulary: number) => ({
  tokens: embeddingSpec(vocabulary, width, normal(0.1)),
  layers: Array.from({ length: layers }, () => ({
    lstm: lstmSpec(width, units ?? width, 2),
    ...(units !== null && {
      projection: linearSpec(units, width, { bias: false, init: normal(1 / Math.sqrt(units)) }),
    }),
  })),
});
type ElmoParameters = TensorsOf<ReturnType<typeof elmoSpec>> & { readonly tokens: TensorsOf<EmbeddingSpec> };

const backwards = (x: Tensor): Tensor => reverse(x, 1);

/** tokens int32 [B, T] in reading order, for each direction → what each layer says, [2, B, T, width], the embedding first. */
function read(
  p: ElmoParameters,
  inputs: { forward: Tensor; backward: Tensor; given?: Tensor },
  dropout: Dropout,
): Tensor[] {
  const layers = [embedding(p.tokens, stack([inputs.forward, inputs.backward]))];
  for (const layer of p.layers) {
    const before = layers.at(-1)!;
    const states = lstm(layer.lstm, dropout.apply(before), inputs.given);
    const out = layer.projection ? linear(layer.projection, states) : states;
    // Each layer after the first adds to the one below.
    layers.push(layers.length > 1 ? add(out, before) : out);
  }
  return layers;
}

export const textDefinition: TextModelDefinition<typeof schema> = {
  name: 'elmo',
  title: 'ELMo',
  source: 'Peters et al. 2018, Deep contextualized word representations, arXiv:1802.05365',
  schema,
  controls: [],
  build: (settings, { size }): TextModel => {
    const { contextLength, layers, width, dropout: rate, longestText } = settings;
    const config = { vocabularySize: size, contextLength, width };
    return {
      config,
      parameters: elmoSpec(settings, size),
      pretraining: {
        reads: 'windows',
        batch: (batchSize) => ({
          tokens: int32(batchSize, contextLength + 1),
          mask: float32(batchSize, contextLength),
          ...(rate > 0 && { key: int32(2) }),
        }),
        // Both directions predict the same stretch: one from its first token on, the other from its last.
        loss: (p: ElmoParameters, { tokens, mask, key }: { tokens: Tensor; mask: Tensor; key?: Tensor }) => {
          const reversed = backwards(tokens);
          const but = (x: Tensor): Tensor => sliceAxis(x, { axis: 1, limit: -1 });
          const after = (x: Tensor): Tensor => sliceAxis(x, { axis: 1, start: 1 });
          const last = read(p, { forward: but(tokens), backward: but(reversed) }, new Dropout(rate, key)).at(-1)!;
          const logits = matmul(last, p.tokens.weight, { transposeB: true });
          const loss = crossEntropy(logits, stack([after(tokens), after(reversed)]));
          return { loss: maskedMean(mean(loss, { axes: 0 }), mask) };
        },
      },
      features: { layers: layers + 1, width: 2 * width, longest: longestText, of: elmoFeatures },
    };
  },
};

/** The mean over a text's tokens of what each layer says of them, both directions: [B, layers + 1, 2 · width]. */
export function elmoFeatures(p: ElmoParameters, { tokens, lengths }: PaddedText): Tensor {
  const time = tokens.shape[1]!;
  // [B, T]: 1 where there is a token.
  const given = cast(less(expandDims(iota([time]), 0), expandDims(lengths, 1)), 'float32');
  const both = expandDims(stack([given, backwards(given)]), -1);
  const layers = read(p, { forward: tokens, backward: backwards(tokens), given: both }, new Dropout(0));
  const means = layers.map((layer) => {
    // [2, B, width]: the order of a mean does not matter, so the backward one need not be turned around.
    const average = div(sum(mul(layer, both), { axes: 2 }), sum(both, { axes: 2 }));
    return concat(
      [0, 1].map((way) => squeeze(sliceAxis(average, { axis: 0, start: way, limit: way + 1 }), 0)),
      -1,
    );
  });
  return stack(means, 1);
}
