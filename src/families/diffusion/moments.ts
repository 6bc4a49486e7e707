import { type Assignment, assignmentLoss } from '../../nn/assignment.js';
import { type TensorsOf, parameter } from '../../nn/parameters.js';
import { type Tensor, add, div, maximum, mean, mul, reshape, sqrt, square, sub } from '../../tensor/index.js';

/**
 * Mean and deviation of each number of what an encoder gives, as moving averages: diffusion is taught on numbers of mean 0
 * and deviation 1.
 */

/** Mean, and mean of squares, of each of `size` numbers. */
export const momentsSpec = (size: number) => ({
  mean: parameter([size]),
  square: parameter([size], { init: { kind: 'ones' } }),
});
export type MomentsParameters = TensorsOf<ReturnType<typeof momentsSpec>>;

/** Share that a step keeps of the averages. */
const momentum = 0.98;

/** Of values [B, size, …] each number along the second axis has its own. */
const axesOf = (x: Tensor): number[] => [...x.shape.keys()].filter((axis) => axis !== 1);

/** Moves the averages towards those of a batch: a loss that assigns (see `ImageLoss.assigns`). */
export function momentsLoss(p: MomentsParameters, values: Tensor): Tensor {
  const towards = (old: Tensor, found: Tensor): Assignment => ({
    parameter: old,
    value: add(mul(old, momentum), mul(mean(found, { axes: axesOf(found) }), 1 - momentum)),
  });
  return assignmentLoss([towards(p.mean, values), towards(p.square, square(values))]);
}

function scaleOf(p: MomentsParameters, rank: number): { centre: Tensor; deviation: Tensor } {
  const along = (x: Tensor): Tensor => reshape(x, [1, x.size, ...Array.from({ length: rank - 2 }, () => 1)]);
  const variance = sub(p.square, square(p.mean));
  return { centre: along(p.mean), deviation: along(sqrt(maximum(variance, 1e-4))) };
}

/** Values [B, size, …] to mean 0 and deviation 1. */
export function standardised(p: MomentsParameters, values: Tensor): Tensor {
  const { centre, deviation } = scaleOf(p, values.rank);
  return div(sub(values, centre), deviation);
}

/** And back. */
export function restored(p: MomentsParameters, values: Tensor): Tensor {
  const { centre, deviation } = scaleOf(p, values.rank);
  return add(mul(values, deviation), centre);
}
