import { z } from 'zod';
import { type EmbeddingSpec, embedding, embeddingSpec } from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import type { PaddedText, TextModel, TextModelDefinition } from '../../nn/text-model.js';
import {
  type Tensor,
  add,
  cast,
  div,
  expandDims,
  int32,
  iota,
  less,
  logSigmoid,
  mean,
  mul,
  neg,
  sum,
} from '../../tensor/index.js';

/**
 * word2vec: skip-grams with negative sampling (Mikolov et al. 2013b, section 2.2). A token's vector is to point where those
 * of its neighbours' second vectors do, and away from those of tokens drawn by chance. Words are tokens here: frequent ones
 * are one token, others the mean of several.
 */

const schema = z.strictObject({
  width: z.int().positive().default(128).describe('numbers of a vector'),
  window: z
    .int()
    .positive()
    .default(5)
    .describe('most places between a token and a neighbour; each draws its own up to this'),
  negatives: z.int().positive().default(5).describe('tokens drawn by chance for each neighbour'),
  subsample: z
    .number()
    .min(0)
    .default(1e-3)
    .describe('share of the text above which a token is left out at times; 0 leaves none out'),
  pairs: z.int().positive().default(64).describe('pairs of neighbours for each of the batchSize'),
});
export type Word2vecSettings = z.output<typeof schema>;

interface Word2vecSpec {
  /** The vectors that are kept. */
  readonly tokens: EmbeddingSpec;
  /** Those of a token as a neighbour; zeros at first, as in the authors' program. */
  readonly neighbours: EmbeddingSpec;
}
type Word2vecParameters = TensorsOf<Word2vecSpec>;

/**
 * −log σ(u · v) − Σ log σ(−u · v') in nats, the mean over pairs.
 *
 * @param batch centres and neighbours int32 [N], negatives int32 [N, K]
 */
export function skipGramLoss(
  p: Word2vecParameters,
  { centres, neighbours, negatives }: { centres: Tensor; neighbours: Tensor; negatives: Tensor },
): Tensor {
  const centre = embedding(p.tokens, centres);
  const near = sum(mul(centre, embedding(p.neighbours, neighbours)), { axes: -1 });
  const far = sum(mul(expandDims(centre, 1), embedding(p.neighbours, negatives)), { axes: -1 });
  return neg(mean(add(logSigmoid(near), sum(logSigmoid(neg(far)), { axes: -1 }))));
}

export const textDefinition: TextModelDefinition<typeof schema> = {
  name: 'word2vec',
  title: 'word2vec',
  source: 'Mikolov et al. 2013, Distributed Representations of Words and Phrases, arXiv:1310.4546',
  schema,
  controls: [],
  build: (settings, { size }): TextModel => {
    const { width, window, negatives, subsample } = settings;
    const parameters: Word2vecSpec = {
      tokens: embeddingSpec(size, width, { kind: 'uniform', limit: 0.5 / width }),
      neighbours: embeddingSpec(size, width, { kind: 'zeros' }),
    };
    return {
      config: { vocabularySize: size, contextLength: 2 * window + 1, width },
      parameters,
      pretraining: {
        reads: 'skip-grams',
        skipGrams: { window, negatives, subsample },
        batch: (batchSize) => {
          const pairs = batchSize * settings.pairs;
          return {
            centres: int32(pairs),
            neighbours: int32(pairs),
            negatives: int32(pairs, negatives),
          };
        },
        loss: (p: Word2vecParameters, batch: { centres: Tensor; neighbours: Tensor; negatives: Tensor }) => ({
          loss: skipGramLoss(p, batch),
        }),
      },
      features: { layers: 1, width, longest: 512, of: meanVector },
    };
  },
};

/** The mean of a text's vectors, [B, 1, width]. */
export function meanVector(p: Word2vecParameters, { tokens, lengths }: PaddedText): Tensor {
  const time = tokens.shape[1]!;
  const given = cast(less(expandDims(iota([time]), 0), expandDims(lengths, 1)), 'float32');
  const total = sum(mul(embedding(p.tokens, tokens), expandDims(given, -1)), { axes: 1 });
  return expandDims(div(total, expandDims(cast(lengths, 'float32'), 1)), 1);
}
