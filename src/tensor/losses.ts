import { customGradient } from './control.js';
import { mismatch, sameShape } from './define.js';
import { add, div, maximum, mul, neg, softplus, square, sub } from './elementwise.js';
import type { Tensor } from './graph.js';
import { scatterAddAlongAxis, takeAlongAxis } from './indexing.js';
import { softmax } from './normalisation.js';
import { logSumExp, mean } from './reductions.js';
import { expandDims, squeeze } from './shaping.js';
import { sum } from './structure.js';

/**
 * Cross-entropy of each position, in nats: −log softmax(logits)[target], through log-sum-exp.
 *
 * @param logits [..., V]
 * @param targets int32 [...]
 * @returns [...]
 */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  if (targets.dtype !== 'int32' || !sameShape(logits.shape.slice(0, -1), targets.shape)) {
    mismatch(
      'crossEntropy',
      [logits, targets],
      'the targets must be int32 of the shape of the logits without the last axis',
    );
  }
  const indices = expandDims(targets, -1);
  const taken = squeeze(takeAlongAxis(logits, indices), -1);
  const result = sub(logSumExp(logits, { axes: -1 }), taken);
  // softmax − one-hot: one fused kernel and one scatter, in place of the chain through log-sum-exp.
  return customGradient(result, [logits], (g) => {
    const column = expandDims(g, -1);
    return [scatterAddAlongAxis(mul(softmax(logits), column), indices, neg(column))];
  });
}

/** log softmax(logits)[target] per position, in nats. */
export const logProbOf = (logits: Tensor, targets: Tensor): Tensor => neg(crossEntropy(logits, targets));

/** Mean of `values` where the mask (0 or 1, broadcasting) is set; 0 where it never is. */
export function maskedMean(values: Tensor, mask: Tensor): Tensor {
  const count = sum(mask);
  return mul(sum(mul(values, mask)), reciprocalOrZero(count));
}

const reciprocalOrZero = (count: Tensor): Tensor => div(1, maximum(count, 1));

/** −[y log σ(x) + (1 − y) log(1 − σ(x))] per element, in nats, stable for large |x|. */
export const binaryCrossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  add(mul(labels, softplus(neg(logits))), mul(sub(1, labels), softplus(logits)));

/** Mean squared error over all elements. */
export const meanSquaredError = (prediction: Tensor, target: Tensor): Tensor => mean(square(sub(prediction, target)));
