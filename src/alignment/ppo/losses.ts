import type { Gpt, GptParameters } from '../../families/autoregressive/gpt.js';
import { type RowTensors, rowForward } from '../answer-rows.js';
import {
  type Tensor,
  add,
  cast,
  clip,
  exp,
  gather,
  greater,
  abs,
  logProbOf,
  logSumExp,
  maskedMean,
  maximum,
  mul,
  neg,
  reshape,
  softmax,
  square,
  sub,
  sum,
} from '../../tensor/index.js';

/** Logits [M, V] at chosen states of the rows, divided by the sampling temperature. */
export function logitsAt(
  model: Gpt,
  parameters: GptParameters,
  rows: RowTensors & { readonly states: Tensor },
  temperature: number,
): Tensor {
  const hidden = reshape(model.hidden(parameters, rows.tokens, rowForward(rows)), [-1, model.config.width]);
  return mul(model.head(parameters, gather(hidden, rows.states)), 1 / temperature);
}

/** −Σ p log p per row, in nats. */
function entropyOf(logits: Tensor): Tensor {
  return sub(logSumExp(logits, { axes: -1 }), sum(mul(softmax(logits), logits), { axes: -1 }));
}

export interface PolicyBatch {
  readonly targets: Tensor;
  readonly oldLogProbs: Tensor;
  readonly advantages: Tensor;
  readonly mask: Tensor;
}

/**
 * The clipped surrogate of each token (Schulman et al. 2017): max(−A·ratio, −A·clip(ratio, 1 ± ε)). All arrays are [M].
 * Metrics: approximate KL from the old policy ½E[Δ²], the share of clipped ratios, and the entropy.
 */
export function clippedSurrogate(
  logits: Tensor,
  { targets, oldLogProbs, advantages, mask }: PolicyBatch,
  clipRange: number,
): { perToken: Tensor; logProbs: Tensor; metrics: Record<string, Tensor> } {
  const logProbs = logProbOf(logits, targets);
  const change = sub(logProbs, oldLogProbs);
  const ratio = exp(change);
  const clipped = clip(ratio, 1 - clipRange, 1 + clipRange);
  return {
    perToken: maximum(neg(mul(advantages, ratio)), neg(mul(advantages, clipped))),
    logProbs,
    metrics: {
      approximateKl: maskedMean(mul(square(change), 0.5), mask),
      clipFraction: maskedMean(cast(greater(abs(sub(ratio, 1)), clipRange), 'float32'), mask),
      entropy: maskedMean(entropyOf(logits), mask),
    },
  };
}

/** PPO's: the mean of the surrogate over the answer tokens. */
export function policyLoss(
  logits: Tensor,
  batch: PolicyBatch,
  clipRange: number,
): { loss: Tensor; metrics: Record<string, Tensor> } {
  const { perToken, metrics } = clippedSurrogate(logits, batch, clipRange);
  return { loss: maskedMean(perToken, batch.mask), metrics };
}

/**
 * Half the squared error of the values, with the clipping of lm-human-preferences: a value that has moved further than
 * `clipRange` from its old one is held there, and the larger of the two losses counts.
 */
export function valueLoss(
  values: Tensor,
  batch: { oldValues: Tensor; returns: Tensor; mask: Tensor },
  clipRange: number | null,
): { loss: Tensor; metrics: Record<string, Tensor> } {
  const { oldValues, returns, mask } = batch;
  const plain = square(sub(values, returns));
  if (clipRange === null) return { loss: mul(maskedMean(plain, mask), 0.5), metrics: {} };
  const held = add(oldValues, clip(sub(values, oldValues), -clipRange, clipRange));
  const clipped = square(sub(held, returns));
  return {
    loss: mul(maskedMean(maximum(plain, clipped), mask), 0.5),
    metrics: { valueClipFraction: maskedMean(cast(greater(clipped, plain), 'float32'), mask) },
  };
}
