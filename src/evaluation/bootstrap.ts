import { counterRandom, integer } from '../tensor/random.js';

/** A figure of some examples, and how far it would move with other examples. */
export interface Estimate {
  readonly value: number;
  /** Standard deviation of the figure over resampled examples. */
  readonly standardError: number;
  /** 95% interval: percentiles of the resampled figures. */
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly seed?: number;
  /** Default 1000. */
  readonly resamples?: number;
}

/**
 * The bootstrap (Efron 1979): examples are drawn with replacement, as many as there are, and the figure computed anew.
 *
 * @param rows a few numbers of each example
 * @param figure of the sums of these numbers over examples: of a share, (right, all) → right / all; so that figures of a
 *   whole corpus (BLEU, perplexity) are resampled as they are defined
 */
export function bootstrap(
  rows: readonly (readonly number[])[],
  figure: (sums: readonly number[]) => number,
  { seed = 0, resamples = 1000 }: BootstrapOptions = {},
): Estimate {
  const width = rows[0]?.length ?? 0;
  const over = (index: (position: number) => number): number => {
    const sums = new Array<number>(width).fill(0);
    for (let position = 0; position < rows.length; position++) {
      const row = rows[index(position)]!;
      for (let column = 0; column < width; column++) sums[column]! += row[column]!;
    }
    return figure(sums);
  };
  const value = over((position) => position);
  const figures = Array.from({ length: resamples }, (_, resample) => {
    const random = counterRandom(seed, 'bootstrap', resample);
    return over(() => integer(random, rows.length));
  }).sort((a, b) => a - b);
  const mean = figures.reduce((sum, each) => sum + each, 0) / resamples;
  const squares = figures.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const at = (share: number): number => figures[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return { value, standardError: Math.sqrt(squares / (resamples - 1)), low: at(0.025), high: at(0.975) };
}
