import { DataError } from '../errors.js';
import type { FeatureStatistics } from './feature-statistics.js';
import { symmetricEigen } from './symmetric-eigen.js';

/**
 * Distance between the Gaussians that two sets of features fit, squared: |m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½)
 * (Heusel et al. 2017, arXiv:1706.08500). It is 0 for equal statistics. Small sets make it too large: say their size.
 *
 * @throws DataError when the features differ in number, or a set has fewer than two images
 */
export function frechetDistance(one: FeatureStatistics, other: FeatureStatistics): number {
  const { size } = one;
  if (size !== other.size) throw new DataError(`${size} features cannot be compared with ${other.size}`);
  const [means, otherMeans] = [one.mean, other.mean];
  const [covariance, otherCovariance] = [one.covariance(), other.covariance()];
  let distance = 0;
  for (let i = 0; i < size; i++) {
    distance += (means[i]! - otherMeans[i]!) ** 2 + covariance[i * size + i]! + otherCovariance[i * size + i]!;
  }
  return Math.max(0, distance - 2 * traceOfRoot(covariance, otherCovariance, size));
}

/**
 * tr (AB)^½ of positive semidefinite A and B. AB has the eigenvalues of the symmetric R B Rᵀ with RᵀR = A, so no root
 * of a matrix that is not symmetric is needed, and nothing imaginary appears where A or B is singular.
 */
function traceOfRoot(a: Float64Array, b: Float64Array, size: number): number {
  const { values, vectors: root } = symmetricEigen(a, size);
  for (let i = 0; i < size; i++) {
    const scale = Math.sqrt(Math.max(0, values[i]!));
    for (let j = 0; j < size; j++) root[i * size + j]! *= scale;
  }
  const between = new Float64Array(size * size);
  const line = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    line.fill(0);
    for (let k = 0; k < size; k++) {
      const factor = root[i * size + k]!;
      for (let j = 0; j < size; j++) line[j]! += factor * b[k * size + j]!;
    }
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += line[k]! * root[j * size + k]!;
      between[i * size + j] = sum;
      between[j * size + i] = sum;
    }
  }
  return symmetricEigen(between, size).values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
}
