import { type Tensor, add, broadcastTo, concat, mean, reshape, sqrt, variance } from '../../tensor/index.js';

const groupSize = 4;

/**
 * One more channel, the mean deviation of the features within a group of images: a discriminator that sees it knows a
 * batch of one image from real ones (Karras et al. 2018, section 3). Groups are of neighbours.
 *
 * @param x [B, C, H, W]
 * @returns [B, C + 1, H, W]
 */
export function withDeviation(x: Tensor): Tensor {
  const [count, , height, width] = x.shape as [number, number, number, number];
  let size = Math.min(groupSize, count);
  while (count % size > 0) size--;
  const groups = count / size;
  const deviations = sqrt(add(variance(reshape(x, [groups, size, -1]), { axes: 1 }), 1e-8));
  const each = reshape(mean(deviations, { axes: 1 }), [groups, 1, 1, 1, 1]);
  const plane = reshape(broadcastTo(each, [groups, size, 1, height, width]), [count, 1, height, width]);
  return concat([x, plane], 1);
}
