import {
  type Draws,
  type Tensor,
  add,
  cast,
  clip,
  concat,
  constant,
  floor,
  gather,
  iota,
  mul,
  sub,
} from '../../tensor/index.js';

/** The steps of a model that knows a fixed list of amounts of noise: drawing one for each image, and what belongs to it. */

/**
 * Steps for each image, int32 [copies · batch], the copies one after the other: each of `count` steps equally often. Those
 * of one batch lie evenly spread, which makes the mean over it less noisy (Kingma et al. 2021); so do those of the copies
 * of one image, and as many copies as steps are all of them.
 */
export function drawSteps(draws: Draws, batch: number, count: number, copies = 1): Tensor {
  const shifted = add(draws.uniform([1]), mul(iota([batch], 0, 'float32'), 1 / batch));
  const place = sub(shifted, floor(shifted));
  const places = Array.from({ length: copies }, (_, copy) => mul(add(place, copy), count / copies));
  return clip(cast(concat(places), 'int32'), 0, count - 1);
}

/** The number of a list that belongs to each step: [B]. */
export const atSteps = (list: readonly number[], steps: Tensor): Tensor => gather(constant(list), steps);
