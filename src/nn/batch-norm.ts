import { type Tensor, add, mean, mul, reshape, rsqrt, sub, variance } from '../tensor/index.js';
import { type Assignment } from './assignment.js';
import { type ParameterSpec, type TensorsOf, parameter } from './parameters.js';

/**
 * Batch normalisation (Ioffe & Szegedy 2015). Whoever calls a network says where its layers take their means and
 * variances from: from the batch in training, from running averages in use, where an image must not depend on the others
 * that are drawn beside it.
 */

export interface BatchNormSpec {
  readonly scale: ParameterSpec;
  readonly bias: ParameterSpec;
}

export const batchNormSpec = (channels: number): BatchNormSpec => ({
  scale: parameter([channels], { init: { kind: 'ones' } }),
  bias: parameter([channels]),
});

/** Of each channel, [C]. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Where the layers of one pass take their moments from; `layer` counts from 0. */
export type MomentsSource = (x: Tensor, layer: number) => Moments;

/** Those of the batch itself, over all axes but the channels'. */
export const batchMoments: MomentsSource = (x) => {
  const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
  return { mean: mean(x, { axes }), variance: variance(x, { axes }) };
};

/** x [B, C, …]: each channel brought to the mean `bias` and the deviation `scale`. */
export function batchNorm(
  { scale, bias }: TensorsOf<BatchNormSpec>,
  x: Tensor,
  { mean: middle, variance: spread }: Moments,
  epsilon = 1e-5,
): Tensor {
  // Folded into one product and one sum for each number of x.
  const slope = mul(scale, rsqrt(add(spread, epsilon)));
  const shape = [1, x.shape[1]!, ...x.shape.slice(2).map(() => 1)];
  return add(mul(x, reshape(slope, shape)), reshape(sub(bias, mul(middle, slope)), shape));
}

/** Running averages of the moments of some layers: state, which no gradient reaches. */
export const runningMomentsSpec = (channels: readonly number[]) =>
  channels.map((count) => ({
    mean: parameter([count], { decay: false }),
    variance: parameter([count], { init: { kind: 'ones' }, decay: false }),
  }));

export const runningMoments =
  (running: readonly Moments[]): MomentsSource =>
  (_, layer) =>
    running[layer]!;

/**
 * The running averages after a pass, for a loss that assigns.
 *
 * @param pass runs the network with the source that it is given
 * @param decay share of the averages that is kept
 */
export function updatedMoments(
  running: readonly Moments[],
  pass: (source: MomentsSource) => unknown,
  decay: number,
): Assignment[] {
  const assigned: Assignment[] = [];
  const moved = (old: Tensor, now: Tensor): Assignment => ({
    parameter: old,
    value: add(mul(old, decay), mul(now, 1 - decay)),
  });
  pass((x, layer) => {
    const moments = batchMoments(x, layer);
    const old = running[layer]!;
    assigned.push(moved(old.mean, moments.mean), moved(old.variance, moments.variance));
    return moments;
  });
  return assigned;
}
