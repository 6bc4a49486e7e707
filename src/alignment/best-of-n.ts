/**
 * Best of n: sample n answers, keep the one that the scorer likes best. The baseline that any policy trained on the same
 * scorer has to beat; its KL from the sampling model is at most log n − (n − 1)/n nats.
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

/** Upper bound of best-of-n's KL from the sampling model, nats. */
export const bestOfNKl = (n: number): number => Math.log(n) - (n - 1) / n;
