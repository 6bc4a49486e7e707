/** The strength of the pull towards the reference model. */
export interface KlController {
  readonly coefficient: number;
  /** Takes note of a batch: mean KL per answer in nats, and how many answers it was measured on. */
  update(kl: number, answers: number): void;
  restore(coefficient: number): void;
}

/** InstructGPT's: one number throughout. */
export function fixedKl(coefficient: number): KlController {
  let current = coefficient;
  return {
    get coefficient() {
      return current;
    },
    update: () => undefined,
    restore: (value) => {
      current = value;
    },
  };
}

/**
 * Ziegler et al. 2019, section 2.2: a proportional controller in log space. With e = clip(KL/target − 1, −0.2, 0.2) the
 * coefficient grows by the factor 1 + e · answers / horizon.
 */
export function adaptiveKl(options: { initial: number; target: number; horizon: number }): KlController {
  let current = options.initial;
  return {
    get coefficient() {
      return current;
    },
    update: (kl, answers) => {
      const error = Math.min(0.2, Math.max(-0.2, kl / options.target - 1));
      current *= 1 + (error * answers) / options.horizon;
    },
    restore: (value) => {
      current = value;
    },
  };
}

/**
 * Rewards per token of one answer: −coefficient · (log π − log π_ref) at each, and the score at the last alone.
 */
export function tokenRewards(options: {
  logProbs: Float32Array;
  referenceLogProbs: Float32Array;
  score: number;
  coefficient: number;
}): Float32Array {
  const { logProbs, referenceLogProbs, score, coefficient } = options;
  const rewards = logProbs.map((logProb, step) => -coefficient * (logProb - referenceLogProbs[step]!));
  if (rewards.length > 0) rewards[rewards.length - 1]! += score;
  return rewards;
}
