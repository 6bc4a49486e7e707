import { readPosition } from '../data/state.js';
import { counterRandom, shuffle } from '../tensor/random.js';
import type { TrainingSource } from '../training/phase.js';
import type { Matrix } from './features.js';

/** Features as what a probe learns from. */

/** Of each feature over many images. */
export interface ColumnStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Mean and deviation of each feature; a feature that never varies keeps a deviation of 1. */
export function columnStatistics({ count, size, values }: Matrix): ColumnStatistics {
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  for (let at = 0; at < values.length; at++) sums[at % size]! += values[at]!;
  const means = sums.map((sum) => sum / count);
  for (let at = 0; at < values.length; at++) squares[at % size]! += (values[at]! - means[at % size]!) ** 2;
  const deviation = Float32Array.from(squares, (square) => Math.sqrt(square / count));
  return { mean: Float32Array.from(means), deviation: deviation.map((value) => (value > 1e-6 ? value : 1)) };
}

/** An endless stream of standardised feature rows in an order by (seed, epoch). */
export function featureBatches(options: {
  readonly rows: Matrix;
  readonly labels: Int32Array;
  readonly statistics: ColumnStatistics;
  readonly batchSize: number;
  readonly seed: number;
}): TrainingSource {
  const { rows, labels, statistics, batchSize, seed } = options;
  const { count, size, values } = rows;
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let drawn = 0;
  let epochOfOrder = -1;
  const nextIndex = (): number => {
    const epoch = Math.floor(drawn / count);
    if (epoch !== epochOfOrder) {
      order.forEach((_, index) => (order[index] = index));
      shuffle(counterRandom(seed, 'epoch of features', epoch), order);
      epochOfOrder = epoch;
    }
    return order[drawn++ % count]!;
  };
  return {
    tokensPerBatch: batchSize,
    next() {
      const indices = Array.from({ length: batchSize }, nextIndex);
      const batch = new Float32Array(batchSize * size);
      indices.forEach((index, row) => {
        for (let column = 0; column < size; column++) {
          const value = values[index * size + column]! - statistics.mean[column]!;
          batch[row * size + column] = value / statistics.deviation[column]!;
        }
      });
      return { features: batch, labels: Int32Array.from(indices, (index) => labels[index]!) };
    },
    state: () => ({ drawn, images: count }),
    restore(state) {
      drawn = readPosition(state, ['drawn'], { images: count }).drawn;
    },
    describe: () => `${batchSize} of ${count} rows of ${size} features, seed ${seed}`,
  };
}
