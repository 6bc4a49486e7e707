import type { Assignment } from '../../nn/assignment.js';
import { type ParameterSpec, normal, parameter, parameterLeaves } from '../../nn/parameters.js';
import {
  type Tensor,
  div,
  isTensor,
  leaves,
  mapTree,
  matmul,
  maximum,
  normalise,
  reshape,
  stopGradient,
  sum,
} from '../../tensor/index.js';

/**
 * Spectral normalisation (Miyato et al. 2018): every matrix divided by its largest singular value, which power iteration
 * finds, one round a step. Its vectors are state. A kernel is the matrix [out, in · height · width].
 */

/** Weights are matrices and kernels; biases are left as they are. */
const isMatrix = ({ shape }: { readonly shape: readonly number[] }): boolean => shape.length >= 2;

/** A left vector for each matrix of a tree, by the matrix's path: [rows]. */
export const spectralVectors = (specs: unknown): Record<string, ParameterSpec> =>
  Object.fromEntries(
    parameterLeaves(specs)
      .filter(({ spec }) => isMatrix(spec))
      .map(({ path, spec }) => [path, parameter([spec.shape[0]!], { init: normal(1), decay: false })]),
  );

/** One round of power iteration from u [rows]: the next u, and the singular value that it shows. */
export function powerIteration(weight: Tensor, u: Tensor): { u: Tensor; value: Tensor } {
  const matrix = reshape(weight, [weight.shape[0]!, -1]);
  const held = stopGradient(matrix);
  const right = normalise(matmul(reshape(stopGradient(u), [1, -1]), held));
  const left = normalise(matmul(right, held, { transposeB: true }));
  // As a function of the matrix alone: left and right are held where they are (the paper's equation 12).
  const value = sum(matmul(matmul(left, matrix), right, { transposeB: true }));
  return { u: reshape(left, u.shape), value };
}

/** The tree with every matrix divided by its largest singular value. */
export const spectrallyNormalised = <Parameters>(parameters: Parameters, vectors: Readonly<Record<string, Tensor>>) =>
  mapTree(parameters, isTensor, (weight: Tensor, path) => {
    const u = vectors[path];
    return u === undefined ? weight : div(weight, maximum(powerIteration(weight, u).value, 1e-12));
  }) as Parameters;

/** The vectors after a round, for a loss that assigns. */
export const updatedVectors = (parameters: unknown, vectors: Readonly<Record<string, Tensor>>): Assignment[] =>
  leaves(parameters, isTensor).flatMap(({ path, leaf }) => {
    const parameter = vectors[path];
    return parameter === undefined ? [] : [{ parameter, value: powerIteration(leaf, parameter).u }];
  });
