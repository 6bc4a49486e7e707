export interface AdvantageOptions {
  /** Discount. InstructGPT: 1, no discounting. */
  gamma: number;
  /** Bias against variance: 1 is the Monte Carlo return, 0 the one-step error. */
  lambda: number;
}

/**
 * Generalised advantage estimation (Schulman et al. 2016) over one answer: A_t = Σ (γλ)^k δ_{t+k} with
 * δ_t = r_t + γ V_{t+1} − V_t, and no value after the last token. Returns are A + V.
 *
 * @param rewards one per token of the answer
 * @param values of the states before each token
 */
export function generalisedAdvantages(
  rewards: Float32Array,
  values: Float32Array,
  { gamma, lambda }: AdvantageOptions,
): { advantages: Float32Array; returns: Float32Array } {
  const advantages = new Float32Array(rewards.length);
  let following = 0;
  for (let step = rewards.length - 1; step >= 0; step--) {
    const next = step + 1 < rewards.length ? values[step + 1]! : 0;
    const error = rewards[step]! + gamma * next - values[step]!;
    following = error + gamma * lambda * following;
    advantages[step] = following;
  }
  return { advantages, returns: advantages.map((advantage, step) => advantage + values[step]!) };
}
