import { type Tensor, add, exp, maskedMean, mul, sub, sum } from '../../tensor/index.js';
import { type PolicyBatch, clippedSurrogate } from '../ppo/losses.js';

/**
 * π_ref/π − log(π_ref/π) − 1 of each token: an estimate of KL(π ‖ π_ref) in nats that is never negative and unbiased over
 * the policy's own samples (Schulman 2020, "k3"; Shao et al. 2024, equation 4). As a term of a loss its gradient is another
 * one's: that of KL(π_ref ‖ π), which minds most what the reference says and the policy no longer does.
 */
function klEstimate(logProbs: Tensor, referenceLogProbs: Tensor): Tensor {
  const difference = sub(referenceLogProbs, logProbs);
  return sub(sub(exp(difference), difference), 1);
}

/**
 * Σ weight · (clipped surrogate + β · KL estimate) over the answer tokens (Shao et al. 2024, equation 3). All arrays are
 * [M]; the weights say how tokens and answers count, see `tokenWeights`.
 */
export function groupLoss(
  logits: Tensor,
  batch: PolicyBatch & { readonly referenceLogProbs: Tensor; readonly weights: Tensor },
  { clipRange, klCoefficient }: { clipRange: number; klCoefficient: number },
): { loss: Tensor; metrics: Record<string, Tensor> } {
  const { perToken, logProbs, metrics } = clippedSurrogate(logits, batch, clipRange);
  const kl = klEstimate(logProbs, batch.referenceLogProbs);
  const loss = klCoefficient === 0 ? perToken : add(perToken, mul(kl, klCoefficient));
  return { loss: sum(mul(loss, batch.weights)), metrics: { ...metrics, klEstimate: maskedMean(kl, batch.mask) } };
}
