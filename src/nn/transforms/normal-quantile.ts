import {
  type Tensor,
  add,
  customGradient,
  erf,
  exp,
  less,
  log,
  mul,
  neg,
  sqrt,
  square,
  sub,
  where,
} from '../../tensor/index.js';

/** The standard normal distribution's cumulative function and its inverse. */

export const normalShare = (z: Tensor): Tensor => mul(add(erf(mul(z, Math.SQRT1_2)), 1), 0.5);

/** Two polynomials, for the middle and for the tails (Giles 2012, "Approximating the erfinv function", single precision). */
const middle = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const tails = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

const polynomial = (coefficients: readonly number[], x: Tensor): Tensor => {
  const [first, second, ...rest] = coefficients as [number, number, ...number[]];
  return rest.reduce((sum, next) => add(mul(sum, x), next), add(mul(x, first), second));
};

/** z with P(Z ≤ z) = share, to a millionth of z; its slope is 1 / density(z). */
export function normalQuantile(share: Tensor): Tensor {
  const x = sub(mul(share, 2), 1);
  // 1 − x² = 4 share (1 − share)
  const w = neg(add(log(share), add(log(sub(1, share)), Math.log(4))));
  const factor = where(less(w, 5), polynomial(middle, sub(w, 2.5)), polynomial(tails, sub(sqrt(w), 3)));
  const z = mul(mul(factor, x), Math.SQRT2);
  return customGradient(z, [share], (g) => [mul(g, exp(neg(logNormalDensity(z))))]);
}

export const logNormalDensity = (z: Tensor): Tensor => sub(mul(square(z), -0.5), 0.5 * Math.log(2 * Math.PI));
