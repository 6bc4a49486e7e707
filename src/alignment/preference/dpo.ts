import {
  type Tensor,
  add,
  cast,
  float32,
  gather,
  greater,
  int32,
  logSigmoid,
  mul,
  neg,
  square,
  sub,
  sum,
} from '../../tensor/index.js';
import { type RankedExample, groupOf, pairArrays, pairCapacity } from '../reward-batches.js';
import type { Objective } from './objective.js';
import type { DpoConfig } from './settings.js';

export interface PairTensors {
  readonly better: Tensor;
  readonly worse: Tensor;
  readonly weight: Tensor;
}

/**
 * Over pairs with the margin m = (log π/π_ref of the better answer) − (the same of the worse):
 *
 * - sigmoid: −(1 − ε) log σ(β m) − ε log σ(−β m) (Rafailov et al. 2023, equation 7; with the share ε of labels thought
 *   to be wrong, Mitchell 2023)
 * - ipo: (m − 1 / 2β)², which no preference can push without end (Azar et al. 2023, equation 17)
 *
 * What answers have in common cancels out of m, so it may be left out of them.
 */
export function dpoLoss(
  ratios: Tensor,
  { better, worse, weight }: PairTensors,
  { loss, beta, labelSmoothing }: Pick<DpoConfig, 'loss' | 'beta' | 'labelSmoothing'>,
): { loss: Tensor; metrics: Record<string, Tensor> } {
  const margin = sub(gather(ratios, better), gather(ratios, worse));
  const mean = (values: Tensor): Tensor => sum(mul(weight, values));
  const scaled = mul(margin, beta);
  const sigmoid = (): Tensor => {
    const right = neg(logSigmoid(scaled));
    if (labelSmoothing === 0) return right;
    return add(mul(right, 1 - labelSmoothing), mul(neg(logSigmoid(neg(scaled))), labelSmoothing));
  };
  return {
    loss: mean(loss === 'ipo' ? square(sub(margin, 1 / (2 * beta))) : sigmoid()),
    metrics: { margin: mean(margin), pairAccuracy: mean(cast(greater(margin, 0), 'float32')) },
  };
}

/** Direct preference optimization on rankings: all pairs of a prompt in one batch, every prompt with the same weight. */
export const dpo = (config: Pick<DpoConfig, 'loss' | 'beta' | 'labelSmoothing'>): Objective<RankedExample> => ({
  name: 'dpo',
  groupOf,
  spec: (answers) => {
    const pairs = pairCapacity(answers);
    return { better: int32(pairs), worse: int32(pairs), weight: float32(pairs) };
  },
  arrays: (examples, answers) => ({ ...pairArrays(examples, answers) }),
  loss: (ratios, batch) => dpoLoss(ratios, batch as unknown as PairTensors, config),
});
