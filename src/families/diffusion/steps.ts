import {
  type Draws,
  type Tensor,
  add,
  cast,
  clip,
  constant,
  floor,
  gather,
  iota,
  mul,
  sub,
} from '../../tensor/index.js';

/** The steps of a model that knows a fixed list of amounts of noise: drawing one for each image, and what belongs to it. */

/**
 * A step for each image, int32 [batch], each of so many equally often; those of one batch lie evenly spread, which
 * makes the mean over it less noisy (Kingma et al. 2021).
 */
export function drawSteps(draws: Draws, batch: number, steps: number): Tensor {
  const shifted = add(draws.uniform([1]), mul(iota([batch], 0, 'float32'), 1 / batch));
  return clip(cast(mul(sub(shifted, floor(shifted)), steps), 'int32'), 0, steps - 1);
}

/** The number of a list that belongs to each step: [B]. */
export const atSteps = (list: readonly number[], steps: Tensor): Tensor => gather(constant(list), steps);
