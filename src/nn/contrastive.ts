import { type Tensor, add, div, logSoftmax, mean, mul, neg, sum, transpose } from '../tensor/index.js';

/**
 * The symmetric loss of pairs (Radford et al. 2021, figure 3), in nats: each row of one side should name its partner
 * among all rows of the other. Where rows of the second side are the same, each of them is right, in equal shares: to a
 * caption that two images have, neither image is wrong.
 *
 * @param similarity [B, B]: of row i of the first side and row j of the second, times the inverse temperature
 * @param same float32 [B, B], symmetric: 1 where rows i and j of the second side are the same, on the diagonal too
 */
export function contrastiveLoss(similarity: Tensor, same: Tensor): Tensor {
  const target = div(same, sum(same, { axes: 1, keepDims: true }));
  const side = (scores: Tensor): Tensor => neg(mean(sum(mul(target, logSoftmax(scores)), { axes: 1 })));
  return mul(add(side(similarity), side(transpose(similarity))), 0.5);
}
