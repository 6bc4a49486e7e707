import {
  type Tensor,
  add,
  exp,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  sigmoid,
  softplus,
  square,
  sub,
  sum,
  tanh,
  where,
} from '../tensor/index.js';

/** Log-probabilities, in nats. */

/** Sums all but the first axis: one number per row of the batch. */
export const perRow = (x: Tensor): Tensor =>
  x.rank === 1 ? x : sum(x, { axes: x.shape.slice(1).map((_, i) => i + 1) });

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** log N(x; mean, exp(logDeviation)²) of each number. */
export const normalLogProb = (x: Tensor, mean: Tensor | number, logDeviation: Tensor | number): Tensor => {
  const standard = typeof logDeviation === 'number' && logDeviation === 0;
  const centred = typeof mean === 'number' && mean === 0 ? x : sub(x, mean);
  const scaled = standard
    ? centred
    : mul(centred, typeof logDeviation === 'number' ? Math.exp(-logDeviation) : exp(neg(logDeviation)));
  const density = sub(mul(square(scaled), -0.5), halfLogTwoPi);
  return standard ? density : sub(density, logDeviation);
};

/** KL(N(mean, exp(logDeviation)²) ‖ N(0, 1)) of each number (Kingma & Welling 2014, appendix B). */
export const normalDivergence = (mean: Tensor, logDeviation: Tensor): Tensor =>
  mul(sub(add(square(mean), exp(mul(logDeviation, 2))), add(mul(logDeviation, 2), 1)), 0.5);

/** log p of binary pixels, each number. One softplus, where a cross-entropy of any label takes two. */
export const bernoulliLogProb = (x: Tensor, logits: Tensor): Tensor => sub(mul(x, logits), softplus(logits));

/**
 * log p of whole numbers from 0 to levels − 1 under a logistic distribution over [−1, 1] cut into bins, whose first and
 * last reach to infinity (Salimans et al. 2017, PixelCNN++, section 2.1).
 */
export function discretisedLogisticLogProb(x: Tensor, mean: Tensor, logScale: Tensor, levels: number): Tensor {
  const half = 1 / (levels - 1);
  const centred = sub(sub(mul(x, 2 * half), 1), mean);
  const inverse = exp(neg(logScale));
  const above = mul(inverse, add(centred, half));
  const below = mul(inverse, sub(centred, half));
  // σ(above) − σ(below) = σ(above) σ(−below) (1 − exp(below − above)). Of narrow bins 1 − exp cancels, so it is made of
  // t = tanh((above − below) / 2): 1 − exp(below − above) = 2 t / (1 + t).
  const t = tanh(mul(inverse, half));
  const share = sub(add(log(maximum(t, 1e-12)), Math.LN2), log(add(t, 1)));
  const inside = sub(share, add(softplus(neg(above)), softplus(below)));
  const first = neg(softplus(neg(above)));
  const last = neg(softplus(below));
  return where(less(x, 0.5), first, where(less(levels - 1.5, x), last, inside));
}

/** The mean of that distribution as a pixel value. */
export const logisticToPixel = (mean: Tensor, levels: number): Tensor =>
  mul(add(minimum(maximum(mean, -1), 1), 1), (levels - 1) / 2);

/** Pixel values to [−1, 1]. */
export const centred = (images: Tensor, levels: number): Tensor => sub(mul(images, 2 / (levels - 1)), 1);

/** Probability of a 1, from its logit. */
export const bernoulliMean = (logits: Tensor): Tensor => sigmoid(logits);
