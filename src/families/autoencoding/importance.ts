import type { Density, ImageTensors, ParameterTree } from '../../nn/image-model.js';
import { type Tensor, broadcastTo, expandDims, logSumExp, reshape, sub } from '../../tensor/index.js';

/** Importance-weighted estimates of log p(x), from several codes for each image (Burda et al. 2016, equation 8). */

/** Images [B, …] one batch after the other: [draws · B, …]. */
export const copiesOf = (images: Tensor, draws: number): Tensor =>
  reshape(broadcastTo(expandDims(images, 0), [draws, ...images.shape]), [
    draws * images.shape[0]!,
    ...images.shape.slice(1),
  ]);

/** log of the mean weight, of log weights [draws, B] in nats: [B]. */
export const logMean = (logWeights: Tensor): Tensor =>
  sub(logSumExp(logWeights, { axes: 0 }), Math.log(logWeights.shape[0]!));

/** The estimate by so many codes, given log p(x, code) − log q(code | x) of each: [draws, B], in nats. */
export const importanceEstimate = (
  draws: number,
  logWeights: (p: ParameterTree, batch: ImageTensors, draws: number) => Tensor,
): Density => ({
  kind: 'estimate',
  draws,
  logProb: (p, batch) => logMean(logWeights(p, batch, draws)),
});
