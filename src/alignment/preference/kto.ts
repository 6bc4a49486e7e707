import { type Tensor, add, float32, maximum, mul, sigmoid, stopGradient, sub, sum } from '../../tensor/index.js';
import { type RankedExample, pairsOf } from '../reward-batches.js';
import type { Objective } from './objective.js';
import type { KtoConfig } from './settings.js';

/** Answers to one prompt, each liked or not by itself. */
export interface JudgedExample {
  readonly prompt: Int32Array;
  readonly answers: readonly Int32Array[];
  /** How much each answer counts as a good one, and as a bad one. */
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** With an answer to another prompt, from which it is estimated how far the policy has strayed. */
export interface KtoExample extends JudgedExample {
  readonly foreign: Int32Array;
}

export interface VoteTensors {
  readonly up: Tensor;
  readonly down: Tensor;
  readonly foreign: Tensor;
}

/**
 * With r = log π/π_ref of an answer and z = max(0, the mean of r over answers to other prompts), which estimates
 * KL(π ‖ π_ref) and has no gradient: λ_up (1 − σ(β (r − z))) for a good answer, λ_down (1 − σ(β (z − r))) for a bad one
 * (Ethayarajh et al. 2024, equation 8).
 */
export function ktoLoss(
  ratios: Tensor,
  { up, down, foreign }: VoteTensors,
  { beta, upWeight, downWeight }: { beta: number; upWeight: number; downWeight: number },
): { loss: Tensor; metrics: Record<string, Tensor> } {
  const strayed = stopGradient(maximum(sum(mul(foreign, ratios)), 0));
  const value = mul(sub(ratios, strayed), beta);
  const loss = add(
    mul(sum(mul(up, sub(1, sigmoid(value)))), upWeight),
    mul(sum(mul(down, sub(1, sigmoid(mul(value, -1))))), downWeight),
  );
  return { loss, metrics: { kl: strayed, upRatio: sum(mul(up, ratios)), downRatio: sum(mul(down, ratios)) } };
}

/** Kahneman-Tversky optimization. Every prompt has the same weight, shared by its answers. */
export const kto = (config: { beta: number; upWeight: number; downWeight: number }): Objective<KtoExample> => ({
  name: 'kto',
  groupOf: ({ prompt, answers, foreign }) => ({ prompt, answers: [...answers, foreign] }),
  spec: (answers) => {
    const votes = float32(answers);
    return { up: votes, down: votes, foreign: votes };
  },
  arrays: (examples, capacity) => {
    const [up, down, foreign] = [0, 0, 0].map(() => new Float32Array(capacity)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    let at = 0;
    for (const example of examples) {
      const votes = sumOf(example.up) + sumOf(example.down);
      const share = 1 / (examples.length * votes);
      up.set(
        example.up.map((count) => count * share),
        at,
      );
      down.set(
        example.down.map((count) => count * share),
        at,
      );
      at += example.answers.length;
      foreign[at++] = 1 / examples.length;
    }
    return { up, down, foreign };
  },
  loss: (ratios, batch) => ktoLoss(ratios, batch as unknown as VoteTensors, config),
});

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** λ_up and λ_down; where the second is not given, bad answers get as much weight in all as good ones. */
export function voteWeights(
  examples: readonly JudgedExample[],
  { upWeight, downWeight }: Pick<KtoConfig, 'upWeight' | 'downWeight'>,
): { upWeight: number; downWeight: number } {
  if (downWeight !== null) return { upWeight, downWeight };
  const share = (of: 'up' | 'down'): number =>
    examples.reduce((sum, example) => sum + sumOf(example[of]) / (sumOf(example.up) + sumOf(example.down)), 0);
  const [good, bad] = [share('up'), share('down')];
  return { upWeight, downWeight: good > 0 && bad > 0 ? (upWeight * good) / bad : upWeight };
}

/** A ranking as votes: an answer is liked for every pair that it wins, and disliked for every one that it loses. */
export function votesOf(example: RankedExample & { readonly promptLength: number }): JudgedExample {
  const { sequences, ranks, counts, promptLength } = example;
  const [up, down] = [ranks.map(() => 0), ranks.map(() => 0)];
  for (const [better, worse] of pairsOf(ranks)) {
    const times = (counts?.[better] ?? 1) * (counts?.[worse] ?? 1);
    up[better]! += times;
    down[worse]! += times;
  }
  return {
    prompt: sequences[0]!.subarray(0, promptLength),
    answers: sequences.map((ids) => ids.subarray(promptLength)),
    up,
    down,
  };
}

/**
 * Gives every example an answer to the prompt of another one: the next in the list that is not the same prompt and fits.
 * Examples for which there is none are left out.
 *
 * @param time tokens that a prompt and an answer may have together
 */
export function withForeignAnswers(examples: readonly JudgedExample[], time: number): KtoExample[] {
  return examples.flatMap((example, index) => {
    for (let step = 1; step < examples.length; step++) {
      const other = examples[(index + step) % examples.length]!;
      const foreign = other.answers[step % other.answers.length]!;
      const isSame =
        other.prompt.length === example.prompt.length && other.prompt.every((id, at) => id === example.prompt[at]);
      if (!isSame && example.prompt.length + foreign.length <= time) return [{ ...example, foreign }];
    }
    return [];
  });
}
