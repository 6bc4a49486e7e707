import type { FlatStore, Segment } from './flat-store.js';
import type { LeafSpec, OptimizeRequest } from './protocol.js';

const decays = (leaf: LeafSpec): boolean => leaf.decay ?? true;

/** One optimizer step over flat memory: norm, clipping, update. A norm that is not finite changes nothing. */
export function optimize(store: FlatStore, request: OptimizeRequest): { gradientNorm: number } {
  const segments = store.segments(request.leaves, decays);
  let squares = 0;
  for (const { segment } of segments) {
    squares += segment.kernels.sumOfSquares(segment.address('gradients'), segment.count);
  }
  const gradientNorm = Math.sqrt(squares);
  if (Number.isFinite(gradientNorm)) {
    const gradientScale = clipScale(gradientNorm, request.clipNorm);
    for (const { segment, leaf } of segments) update(segment, decays(leaf), gradientScale, request);
  }
  return { gradientNorm };
}

/** The factor that limits a gradient of this norm, as torch's clip_grad_norm_ does. */
const clipScale = (norm: number, limit: number | undefined): number =>
  limit === undefined ? 1 : Math.min(1, limit / (norm + 1e-6));

function update(
  { kernels, count, address }: Segment,
  decay: boolean,
  gradientScale: number,
  request: OptimizeRequest,
): void {
  const { pass } = request;
  const l2 = decay ? request.l2 : 0;
  const parameters = address('parameters');
  const gradients = address('gradients');
  const first = address('firstMoment');
  if (pass.kind === 'sgd') {
    // Without momentum nothing is kept: the moments may be those of another phase over the same parameters.
    const velocity = pass.momentum === 0 ? gradients : first;
    kernels.sgd(parameters, gradients, velocity, count, gradientScale, l2, pass.rate, pass.momentum);
    return;
  }
  const keep = decay ? request.keep : 1;
  const { rate, beta1, beta2, rootScale, epsilon } = pass;
  const second = address('secondMoment');
  kernels.adam(
    parameters,
    gradients,
    first,
    second,
    count,
    gradientScale,
    l2,
    keep,
    rate,
    beta1,
    beta2,
    rootScale,
    epsilon,
  );
}
