import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterRandom } from '../tensor/random.js';
import { FeatureStatistics } from './feature-statistics.js';
import type { Matrix } from './features.js';
import { frechetDistance } from './frechet-distance.js';
import golden from './golden/metrics.json' with { type: 'json' };
import { mostDecibels, peakSignalToNoise, similarity, structuralSimilarity } from './image-similarity.js';
import { kernelDiscrepancy, kernelDistance } from './kernel-distance.js';
import { modeCoverage } from './mode-coverage.js';
import { precisionRecall } from './precision-recall.js';
import { symmetricEigen } from './symmetric-eigen.js';

/** Every metric against numpy's values (golden/metrics.py), and what must hold of any features. */

const matrix = (values: readonly number[], size: number): Matrix => ({
  count: values.length / size,
  size,
  values: Float32Array.from(values),
});

const part = ({ size, values }: Matrix, from: number, to: number): Matrix => ({
  count: to - from,
  size,
  values: values.slice(from * size, to * size),
});

/** |value − expected| within a share of the expected. */
const close = (value: number, expected: number, share = 1e-9): void => {
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(share * Math.max(1e-9, Math.abs(expected)));
};

describe.each(golden.cases)('metrics of $name features', (given) => {
  const [real, made] = [matrix(given.real, given.size), matrix(given.made, given.size)];

  it('streams to the mean and the covariance, in batches of any size', () => {
    for (const cut of [1, 3, real.count - 1]) {
      const statistics = new FeatureStatistics(given.size);
      statistics
        .append(part(real, 0, cut))
        .append(part(real, cut, cut))
        .append(part(real, cut, real.count));
      expect(statistics.count).toBe(real.count);
      statistics.mean.forEach((value, i) => {
        close(value, given.mean[i]!, 1e-12);
      });
      const largest = Math.max(...given.covariance.map(Math.abs));
      statistics.covariance().forEach((value, i) => {
        expect(Math.abs(value - given.covariance[i]!)).toBeLessThan(1e-10 * largest);
      });
    }
  });

  it('has the reference’s Fréchet distance', () => {
    // Where covariances are singular, both sides know the root of a zero eigenvalue to about 1e-8.
    close(frechetDistance(FeatureStatistics.of(real), FeatureStatistics.of(made)), given.frechet, 1e-7);
  });

  it('has the reference’s kernel distance', () => {
    close(kernelDiscrepancy(real, made), given.kernel, 1e-6);
  });

  it('has the reference’s precision and recall', () => {
    expect(precisionRecall(real, made)).toEqual({ precision: given.precision, recall: given.recall, neighbours: 3 });
  });

  it('is symmetric, and nothing between a set and itself', () => {
    const [a, b] = [FeatureStatistics.of(real), FeatureStatistics.of(made)];
    close(frechetDistance(a, b), frechetDistance(b, a), 1e-7);
    expect(frechetDistance(a, a)).toBeLessThan(1e-6 * Math.max(...given.covariance));
    close(kernelDiscrepancy(real, made), kernelDiscrepancy(made, real), 1e-6);
    expect(precisionRecall(real, real)).toMatchObject({ precision: 1, recall: 1 });
    const there = precisionRecall(real, made);
    expect(precisionRecall(made, real)).toMatchObject({ precision: there.recall, recall: there.precision });
  });
});

describe('precision and recall', () => {
  it('are not each other: a lost mode costs recall', () => {
    const { real, made, size, precision, recall } = golden.lost;
    expect(precisionRecall(matrix(real, size), matrix(made, size))).toMatchObject({ precision, recall });
    expect([precision, recall]).toEqual([1, 0.5]);
  });
});

describe('kernel distance', () => {
  const normal = (seed: number, count: number, shift = 0): Matrix => {
    const random = counterRandom(seed, 'test', 0);
    return matrix(
      Array.from({ length: count * 4 }, () => Array.from({ length: 6 }, random).reduce((a, b) => a + b - 0.5, shift)),
      4,
    );
  };

  it('is without bias: around 0 for small sets of one distribution, and not for two', () => {
    const same = Array.from({ length: 40 }, (_, i) => kernelDiscrepancy(normal(2 * i, 10), normal(2 * i + 1, 10)));
    const mean = same.reduce((a, b) => a + b) / same.length;
    const deviation = Math.sqrt(same.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (same.length - 1));
    expect(Math.abs(mean)).toBeLessThan((3 * deviation) / Math.sqrt(same.length));
    expect(kernelDiscrepancy(normal(1, 100), normal(2, 100, 1))).toBeGreaterThan(1);
  });

  it('of subsets averages to that of the sets, by seed; a subset of all is the set', () => {
    const [a, b] = [normal(1, 60), normal(2, 60, 0.5)];
    const whole = kernelDiscrepancy(a, b);
    const { value, deviation, subsets } = kernelDistance(a, b, { subsets: 60, subsetSize: 30 });
    expect(Math.abs(value - whole)).toBeLessThan((3 * deviation) / Math.sqrt(subsets));
    expect(kernelDistance(a, b)).toEqual(kernelDistance(a, b));
    expect(kernelDistance(a, b, { seed: 1 }).value).not.toBe(kernelDistance(a, b).value);
    close(kernelDistance(a, b, { subsets: 1, subsetSize: 60 }).value, whole, 1e-9);
    expect(() => kernelDistance(a, b, { subsetSize: 61 })).toThrow(/subset of 61 .* 60 and 60/);
  });
});

describe('eigenvalues of a symmetric matrix', () => {
  it('solve A v = λ v with orthonormal v, also where A is singular or its eigenvalues are equal', () => {
    const entries = fc.integer({ min: 1, max: 9 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        rank: fc.integer({ min: 0, max: size }),
        seed: fc.nat(),
        scale: fc.constantFrom(1e-12, 1, 1e9),
      }),
    );
    fc.assert(
      fc.property(entries, ({ size, rank, seed, scale }) => {
        const random = counterRandom(seed, 'matrix', 0);
        const a = new Float64Array(size * size);
        for (let r = 0; r < rank; r++) {
          const v = Array.from({ length: size }, () => Math.round(4 * random() - 2));
          v.forEach((x, i) => {
            v.forEach((y, j) => (a[i * size + j]! += scale * (r % 2 === 0 ? 1 : -1) * x * y));
          });
        }
        const { values, vectors } = symmetricEigen(a, size);
        const norm = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
        for (let i = 0; i < size; i++) {
          const v = vectors.subarray(i * size, (i + 1) * size);
          for (let j = 0; j < size; j++) {
            const row = v.reduce((sum, x, k) => sum + a[j * size + k]! * x, 0);
            expect(Math.abs(row - values[i]! * v[j]!)).toBeLessThanOrEqual(1e-13 * norm);
            const product = v.reduce((sum, x, k) => sum + x * vectors[j * size + k]!, 0);
            expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
          }
        }
      }),
    );
  });

  it('converge where rows are smaller and smaller, down to nothing', () => {
    const size = 60;
    const random = counterRandom(1, 'graded', 0);
    const x = Float64Array.from({ length: size }, () => random() - 0.5);
    const a = Float64Array.from({ length: size * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      return (x[i]! * x[j]! + Math.cos(i) * Math.cos(j)) * 10 ** (-3 * (i + j));
    });
    const trace = x.reduce((sum, value, i) => sum + (value * value + Math.cos(i) ** 2) * 10 ** (-6 * i), 0);
    const { values } = symmetricEigen(a, size);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 12);
  });

  it('says so when a number is not finite', () => {
    expect(() => symmetricEigen(Float64Array.of(NaN), 1)).toThrow(/not finite/);
    expect(() => FeatureStatistics.of(matrix([1, 2, Infinity, 4], 2))).toThrow(/Feature 0 of image 1/);
  });
});

describe('reconstructions', () => {
  const { original, noisy, ssim, psnr } = golden.images;
  const [channels, height, width] = golden.images.shape as [number, number, number];
  const shape = { channels, height, width, largest: 255 };
  const [a, b] = [Float32Array.from(original), Float32Array.from(noisy)];

  it('have the reference’s PSNR and SSIM', () => {
    close(peakSignalToNoise(a, b, 255), psnr, 1e-12);
    close(structuralSimilarity(a, b, shape), ssim, 1e-10);
    const two = similarity(Float32Array.of(...a, ...b), Float32Array.of(...b, ...a), shape);
    expect(two.images).toBe(2);
    close(two.peakSignalToNoise, psnr, 1e-9);
    close(two.structuralSimilarity!, ssim, 1e-9);
    close(two.meanSquaredError, 10 ** (-psnr / 10), 1e-9);
  });

  it('are perfect where nothing changed, whatever the scale', () => {
    expect(similarity(a, a, shape)).toEqual({
      meanSquaredError: 0,
      // A number still, which JSON can say and a mean can hold.
      peakSignalToNoise: mostDecibels,
      structuralSimilarity: expect.closeTo(1, 12) as number,
      images: 1,
    });
    expect(peakSignalToNoise(a, a, 255)).toBe(mostDecibels);
    const unit = (x: Float32Array): Float32Array => x.map((value) => value / 255);
    close(structuralSimilarity(unit(a), unit(b), { ...shape, largest: 1 }), ssim, 1e-6);
    const small = similarity(a, b, { channels: 1, height: 7, width: 4, largest: 255 });
    expect(small.structuralSimilarity).toBeUndefined();
  });
});

describe('mode coverage', () => {
  it('counts classes with at least half an equal share', () => {
    const read = Int32Array.from({ length: 100 }, (_, i) => (i < 85 ? 0 : i < 96 ? 1 : 2));
    expect(modeCoverage(read, 10)).toEqual({
      shares: [0.85, 0.11, 0.04, 0, 0, 0, 0, 0, 0, 0],
      least: 0.05,
      covered: 2,
      classes: 10,
    });
  });
});
