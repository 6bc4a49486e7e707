import type { OptimizerPass } from './protocol.js';

export interface OptimizerConfig {
  /** `adamw` decouples the weight decay (Loshchilov and Hutter 2019); the others add it to the gradient. */
  kind: 'adamw' | 'adam' | 'sgd';
  /** Decay of the gradient's moving average (Kingma and Ba 2015). */
  beta1: number;
  /** Decay of the squared gradient's moving average. */
  beta2: number;
  epsilon: number;
  /** Applies to the leaves whose `decay` is not false. */
  weightDecay: number;
  /** Where epsilon stands: beside the bias-corrected root (`torch`, the default), or beside the root itself (`tensorflow`). */
  epsilonInside?: 'torch' | 'tensorflow';
  /** Of `sgd`. */
  momentum: number;
}

/** The numbers of step `step` (from 1): bias correction is folded into the rate and the root's scale. */
export function optimizerPass(
  config: OptimizerConfig,
  { learningRate, step }: { learningRate: number; step: number },
): { pass: OptimizerPass; keep: number; l2: number } {
  const { kind, beta1, beta2, epsilon, weightDecay, momentum } = config;
  const decoupled = kind === 'adamw';
  const decay = { keep: decoupled ? 1 - learningRate * weightDecay : 1, l2: decoupled ? 0 : weightDecay };
  if (kind === 'sgd') return { ...decay, pass: { kind: 'sgd', rate: learningRate, momentum } };
  const correction1 = 1 - beta1 ** step;
  const root2 = Math.sqrt(1 - beta2 ** step);
  const placed =
    config.epsilonInside === 'tensorflow'
      ? { rate: (learningRate * root2) / correction1, rootScale: 1 }
      : { rate: learningRate / correction1, rootScale: 1 / root2 };
  return { ...decay, pass: { kind: 'adam', ...placed, beta1, beta2, epsilon } };
}
