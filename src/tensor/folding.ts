import type { DType, PrimitiveName } from './primitives.js';

/** What the scalar operations compute, for folding constants while a graph is made. */

const unary: Partial<Record<PrimitiveName, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  ceil: Math.ceil,
  relu: (x) => Math.max(0, x),
};

const binary: Partial<Record<PrimitiveName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: Math.pow,
  maximum: Math.max,
  minimum: Math.min,
};

export const evaluateUnary = (op: PrimitiveName, x: number): number | undefined => unary[op]?.(x);

/** Integers are left to the engine where the result is not one of 32 bits. */
export function evaluateBinary(op: PrimitiveName, a: number, b: number, dtype: DType): number | undefined {
  const value = binary[op]?.(a, b);
  return dtype === 'float32' || (value !== undefined && Math.trunc(value) === value && Math.abs(value) < 2 ** 31)
    ? value
    : undefined;
}
