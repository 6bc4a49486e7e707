import { counterRandom } from '../tensor/random.js';

/**
 * Keys for the counter-based generator. A key depends only on (seed, purpose, step, index), so a resumed run draws the
 * numbers that an unbroken one would have drawn, and there is no random state to save.
 *
 * @param purpose keeps draws for different ends apart, e.g. `'dropout'` and `'rollout'`
 * @param step the optimizer step, or any other counter
 * @param index distinguishes draws within one step, e.g. its micro-batches. Default 0
 * @returns int32 [2]
 * @throws ConfigError when seed or step is not a whole number of 0 or more
 */
export function deriveKey(options: {
  readonly seed: number;
  readonly purpose: string;
  readonly step: number;
  readonly index?: number;
}): Int32Array {
  const { seed, purpose, step, index = 0 } = options;
  const random = counterRandom(seed, `key ${index} ${purpose}`, step);
  const word = (): number => Math.floor(random() * 2 ** 32) | 0;
  return Int32Array.of(word(), word());
}
