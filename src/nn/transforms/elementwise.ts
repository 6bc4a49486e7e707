import { type Tensor, add, exp, mul, neg, sliceAxis, squeeze, sub, tanh } from '../../tensor/index.js';

/** A monotone function of each number, chosen by numbers that something else computes: what couplings are made of. */
export interface Elementwise {
  /** Numbers that choose the function, all 0: the identity. */
  readonly perElement: number;
  /** x [B, …], raw [B, perElement, …] → z and log ∂z/∂x of each number, both [B, …]. */
  readonly forward: (x: Tensor, raw: Tensor) => { readonly z: Tensor; readonly logSlope: Tensor };
  readonly inverse: (z: Tensor, raw: Tensor) => Tensor;
}

/** One of the numbers that choose. */
const pick = (raw: Tensor, index: number): Tensor =>
  squeeze(sliceAxis(raw, { axis: 1, start: index, limit: index + 1 }), 1);

/**
 * z = exp(s) x + t with s = limit · tanh(s' / limit), which keeps the inverse from blowing up (Dinh et al. 2017,
 * RealNVP).
 */
export function affine(limit = 2): Elementwise {
  const logScaleOf = (raw: Tensor): Tensor => mul(tanh(mul(pick(raw, 1), 1 / limit)), limit);
  return {
    perElement: 2,
    forward: (x, raw) => {
      const logSlope = logScaleOf(raw);
      return { z: add(mul(x, exp(logSlope)), pick(raw, 0)), logSlope };
    },
    inverse: (z, raw) => mul(sub(z, pick(raw, 0)), exp(neg(logScaleOf(raw)))),
  };
}
