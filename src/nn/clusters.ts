import {
  Draws,
  type Tensor,
  argMax,
  cast,
  concat,
  cumsum,
  div,
  expandDims,
  floor,
  gather,
  greater,
  lessEqual,
  matmul,
  maximum,
  minimum,
  mul,
  ones,
  scatterAdd,
  sliceAxis,
  square,
  sub,
  sum,
  where,
  zeros,
} from '../tensor/index.js';

/** Points gathered into clusters: palettes and codebooks. Nothing here is for differentiating. */

/** Of each point [N, size] the centre [K, size] nearest to it: int32 [N], the first of equals. */
export const nearest = (points: Tensor, centres: Tensor): Tensor =>
  // |x − c|² less |x|², halved and turned around.
  argMax(sub(matmul(points, centres, { transposeB: true }), mul(sum(square(centres), { axes: 1 }), 0.5)), { axis: 1 });

/** Sum and number of the points of each cluster: [K, size] and [K]. */
export function clusterSums(points: Tensor, members: Tensor, clusters: number): { sums: Tensor; counts: Tensor } {
  return {
    sums: scatterAdd(zeros([clusters, points.shape[1]!]), members, points),
    counts: scatterAdd(zeros([clusters]), members, ones([points.shape[0]!])),
  };
}

/** Points [N, size] at these uniform numbers [K] of their cumulated weights [N]: int32 [K]. */
export function drawByWeight(weights: Tensor, uniform: Tensor): Tensor {
  const cumulated = cumsum(weights);
  const total = sliceAxis(cumulated, { axis: 0, start: weights.size - 1 });
  const target = expandDims(mul(uniform, total), 1);
  // The first whose sum exceeds the target: never one of weight 0, unless all are.
  return minimum(sum(cast(lessEqual(expandDims(cumulated, 0), target), 'int32'), { axes: 1 }), weights.size - 1);
}

/**
 * Centres [K, size] of the points [N, size] by Lloyd's k-means, started as k-means++ (Arthur & Vassilvitskii 2007): each
 * first centre is a point drawn in proportion to its squared distance from those before it.
 *
 * @param key int32 [2]
 */
export function kMeans(points: Tensor, clusters: number, options: { key: Tensor; iterations?: number }): Tensor {
  const { key, iterations = 10 } = options;
  const count = points.shape[0]!;
  const uniform = new Draws(key).uniform([clusters]);
  const at = (index: number): Tensor => sliceAxis(uniform, { axis: 0, start: index, limit: index + 1 });
  const distanceFrom = (centre: Tensor): Tensor => sum(square(sub(points, centre)), { axes: 1 });

  const first = gather(points, cast(floor(mul(at(0), count)), 'int32'));
  const chosen = [first];
  let distance = distanceFrom(first);
  for (let index = 1; index < clusters; index++) {
    const centre = gather(points, drawByWeight(distance, at(index)));
    chosen.push(centre);
    distance = minimum(distance, distanceFrom(centre));
  }
  let centres = concat(chosen, 0);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { sums, counts } = clusterSums(points, nearest(points, centres), clusters);
    const held = expandDims(counts, 1);
    centres = where(greater(held, 0), div(sums, maximum(held, 1)), centres);
  }
  return centres;
}
