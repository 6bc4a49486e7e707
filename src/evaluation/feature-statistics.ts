import { DataError } from '../errors.js';
import type { Matrix } from './features.js';

/**
 * Mean and covariance of rows that come in batches, in float64. Batches are merged by their own means and scatters
 * (Chan, Golub & LeVeque 1979), so that nothing is lost where the mean is large beside the deviation.
 */
export class FeatureStatistics {
  readonly size: number;
  readonly #mean: Float64Array;
  /** Σ (x − mean)(x − mean)ᵀ, [size, size] */
  readonly #scatter: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#mean = new Float64Array(size);
    this.#scatter = new Float64Array(size * size);
  }

  static of(rows: Matrix): FeatureStatistics {
    return new FeatureStatistics(rows.size).append(rows);
  }

  get count(): number {
    return this.#count;
  }

  get mean(): Float64Array {
    return this.#mean.slice();
  }

  /** @throws DataError when the rows are of another size or hold a number that is not finite */
  append({ count, size, values }: Matrix): this {
    if (size !== this.size) throw new DataError(`Rows of ${size} features do not go with rows of ${this.size}`);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new DataError(`Feature ${wrong % size} of image ${Math.floor(wrong / size)} is not finite`);
    if (count === 0) return this;
    const mean = new Float64Array(size);
    for (let at = 0; at < count * size; at++) mean[at % size]! += values[at]!;
    for (let column = 0; column < size; column++) mean[column]! /= count;
    const total = this.#count + count;
    const centred = new Float64Array(size);
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < size; column++) centred[column] = values[row * size + column]! - mean[column]!;
      this.#addOuter(centred, 1);
    }
    for (let column = 0; column < size; column++) centred[column] = mean[column]! - this.#mean[column]!;
    this.#addOuter(centred, (this.#count * count) / total);
    for (let column = 0; column < size; column++) this.#mean[column]! += (centred[column]! * count) / total;
    this.#count = total;
    return this;
  }

  /** Unbiased, [size, size]. @throws DataError with fewer than two rows */
  covariance(): Float64Array {
    if (this.#count < 2) throw new DataError(`A covariance needs at least two images, and there are ${this.#count}`);
    const { size } = this;
    const result = new Float64Array(size * size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column <= row; column++) {
        const value = this.#scatter[row * size + column]! / (this.#count - 1);
        result[row * size + column] = value;
        result[column * size + row] = value;
      }
    }
    return result;
  }

  /** Lower triangle only. */
  #addOuter(vector: Float64Array, weight: number): void {
    const scatter = this.#scatter;
    for (let row = 0; row < this.size; row++) {
      const scaled = weight * vector[row]!;
      if (scaled === 0) continue;
      const start = row * this.size;
      for (let column = 0; column <= row; column++) scatter[start + column]! += scaled * vector[column]!;
    }
  }
}
