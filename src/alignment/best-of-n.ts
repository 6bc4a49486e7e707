/**
 * Best of n: sample n answers, keep the one that the scorer likes best. The baseline that any policy trained on the same
 * scorer has to beat.
 *
 * @param candidates [prompt][n]
 * @param score one number per candidate, higher is better
 * @returns the index of the best candidate of each prompt, the first of equals
 */
export async function bestOfN<Candidate>(
  candidates: readonly (readonly Candidate[])[],
  score: (candidates: readonly Candidate[]) => Promise<ArrayLike<number>> | ArrayLike<number>,
): Promise<number[]> {
  const scores = await score(candidates.flat());
  let start = 0;
  return candidates.map((group) => {
    let best = 0;
    for (let index = 1; index < group.length; index++) if (scores[start + index]! > scores[start + best]!) best = index;
    start += group.length;
    return best;
  });
}

/**
 * log n − (n − 1)/n nats: best-of-n's KL from the sampling model, where no two answers are ever the same or score the same
 * (Stiennon et al. 2020). Where answers repeat, as those of a sure model do, it is only an upper bound (Beirami et al.
 * 2024): a model that always says the same has a KL of 0 for every n.
 */
export const bestOfNKl = (n: number): number => Math.log(n) - (n - 1) / n;

/**
 * What the best of n would score on the average, for every n that a pool of samples allows: the mean over all subsets of
 * size n, and so without bias and with far less noise than n fresh samples (Nakano et al. 2021, appendix I).
 *
 * @param proxy [pool], what the best is chosen by
 * @param values [pool], what is wanted of the chosen one: the proxy itself, or the true score
 */
export function expectedBestOfN(proxy: ArrayLike<number>, values: ArrayLike<number>, n: number): number {
  const pool = proxy.length;
  const order = Array.from({ length: pool }, (_, index) => index).sort((a, b) => proxy[a]! - proxy[b]!);
  // The sample of rank i, from 0, is the best of C(i, n − 1) of the C(pool, n) subsets; of equals the mean counts.
  let total = 0;
  let weight = n / pool;
  const weights = new Float64Array(pool);
  for (let rank = pool - 1; rank >= n - 1; rank--) {
    weights[rank] = weight;
    if (rank > 0) weight *= (rank - n + 1) / rank;
  }
  for (let start = 0, end = 0; start < pool; start = end) {
    while (end < pool && proxy[order[end]!] === proxy[order[start]!]) end++;
    const tied = order.slice(start, end);
    const mean = tied.reduce((sum, index) => sum + values[index]!, 0) / tied.length;
    total += mean * weights.subarray(start, end).reduce((sum, each) => sum + each, 0);
  }
  return total;
}
