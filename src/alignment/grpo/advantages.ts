import type { GrpoConfig } from './settings.js';

/**
 * How much better each answer is than the other answers to its prompt: what stands in the place of a value model.
 *
 * - grpo (Shao et al. 2024, section 4.1): (r − mean) / (deviation + 1e-4), so that easy and hard prompts pull alike
 * - dr-grpo (Liu et al. 2025): r − mean
 * - rloo (Kool et al. 2019; Ahmadian et al. 2024): r − mean of the others, an unbiased estimate of the gradient
 *
 * A group of equal rewards teaches nothing, and gets zeros.
 *
 * @param rewards [N], the answers to one prompt one after the other
 * @param size answers to a prompt; divides N
 * @returns [N]
 */
export function groupAdvantages(rewards: Float32Array, size: number, variant: GrpoConfig['variant']): Float32Array {
  const advantages = new Float32Array(rewards.length);
  for (let start = 0; start < rewards.length; start += size) {
    const group = rewards.subarray(start, start + size);
    const mean = group.reduce((sum, reward) => sum + reward, 0) / size;
    const squares = group.reduce((sum, reward) => sum + (reward - mean) ** 2, 0);
    const scale =
      // r − (Σ r − r) / (n − 1) = (r − mean) · n / (n − 1)
      variant === 'rloo' ? size / (size - 1) : variant === 'grpo' ? 1 / (Math.sqrt(squares / (size - 1)) + 1e-4) : 1;
    group.forEach((reward, index) => (advantages[start + index] = (reward - mean) * scale));
  }
  return advantages;
}
