/**
 * A curve in bounded memory: buckets of neighbouring points with their least, greatest and mean value. When there are
 * too many buckets, neighbours become one. The server makes it of a whole log and the browser goes on with the same
 * class, point by point, so that both always hold the same curve.
 */

/** As it is sent: one entry a bucket. */
export interface SeriesState {
  /** Points of a full bucket. */
  readonly every: number;
  /** The step of the last point of each bucket. */
  readonly steps: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly mean: readonly number[];
  /** Points of the last bucket; the others are full. */
  readonly last: number;
}

/** Buckets before neighbours are joined; on a screen none is wider than a pixel or two. */
const DEFAULT_CAPACITY = 2048;

export class Series {
  readonly #capacity: number;
  #every = 1;
  #last = 0;
  readonly #steps: number[] = [];
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  readonly #mean: number[] = [];

  /** @param capacity most buckets; even */
  constructor(capacity = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
  }

  static from(state: SeriesState, capacity = DEFAULT_CAPACITY): Series {
    const series = new Series(capacity);
    series.#every = state.every;
    series.#last = state.last;
    series.#steps.push(...state.steps);
    series.#low.push(...state.low);
    series.#high.push(...state.high);
    series.#mean.push(...state.mean);
    return series;
  }

  /** Adds the next point. Values that are not finite are left out. */
  append(step: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const end = this.#steps.length - 1;
    if (end >= 0 && this.#last < this.#every) {
      this.#steps[end] = step;
      this.#low[end] = Math.min(this.#low[end]!, value);
      this.#high[end] = Math.max(this.#high[end]!, value);
      this.#last++;
      this.#mean[end]! += (value - this.#mean[end]!) / this.#last;
      return;
    }
    if (this.#steps.length === this.#capacity) this.#halve();
    this.#steps.push(step);
    this.#low.push(value);
    this.#high.push(value);
    this.#mean.push(value);
    this.#last = 1;
  }

  state(): SeriesState {
    return {
      every: this.#every,
      steps: [...this.#steps],
      low: [...this.#low],
      high: [...this.#high],
      // The smallest numbers can have a mean of −0, which JSON does not know.
      mean: this.#mean.map((mean) => mean + 0),
      last: this.#last,
    };
  }

  get steps(): readonly number[] {
    return this.#steps;
  }

  get low(): readonly number[] {
    return this.#low;
  }

  get high(): readonly number[] {
    return this.#high;
  }

  /** Whether every bucket is one point. */
  get isWhole(): boolean {
    return this.#every === 1;
  }

  get lastStep(): number | undefined {
    return this.#steps.at(-1);
  }

  /** The mean of the latest bucket. */
  get lastValue(): number | undefined {
    return this.#mean.at(-1);
  }

  /**
   * The exponential mean, one value a bucket; each earlier point counts `weight` of the one after it. Debiased: at the
   * beginning it is the mean of the few points there are, and not pulled towards 0 (Kingma and Ba 2014, section 3).
   */
  smoothed(weight: number): number[] {
    let sum = 0;
    let total = 0;
    const end = this.#mean.length - 1;
    return this.#mean.map((mean, index) => {
      const kept = weight ** (index === end ? this.#last : this.#every);
      sum = kept * sum + (1 - kept) * mean;
      total = kept * total + (1 - kept);
      return sum / total;
    });
  }

  /** Neighbouring buckets become one. The capacity is even and all buckets are full. */
  #halve(): void {
    const pairs = this.#steps.length / 2;
    for (let index = 0; index < pairs; index++) {
      const [left, right] = [2 * index, 2 * index + 1];
      this.#steps[index] = this.#steps[right]!;
      this.#low[index] = Math.min(this.#low[left]!, this.#low[right]!);
      this.#high[index] = Math.max(this.#high[left]!, this.#high[right]!);
      this.#mean[index] = (this.#mean[left]! + this.#mean[right]!) / 2;
    }
    for (const list of [this.#steps, this.#low, this.#high, this.#mean]) list.length = pairs;
    this.#every *= 2;
    this.#last = this.#every;
  }
}
