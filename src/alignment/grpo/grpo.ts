import type { Phase } from '../../training/phase.js';
import { parseSettings } from '../../training/settings.js';
import type { RowShape } from '../answer-rows.js';
import { fixedKl } from '../ppo/kl.js';
import { type PracticeOptions, practice } from '../ppo/practice.js';
import { type Minibatch, type PpoPrompt, type Rollout, minibatchRows, partOf } from '../ppo/rollouts.js';
import { groupAdvantages } from './advantages.js';
import { groupLoss } from './loss.js';
import { type GrpoConfig, type GrpoSettings, grpoSchema } from './settings.js';

/**
 * Learning from groups: several answers to each prompt, each judged by how it does among the others, and no value model.
 * GRPO (Shao et al. 2024), Dr. GRPO (Liu et al. 2025) and RLOO (Ahmadian et al. 2024) differ in three places, all of
 * them here: the advantage, how tokens count, and where the KL penalty stands. All else is PPO's.
 */
export interface GrpoOptions<Prompt extends PpoPrompt = PpoPrompt> extends PracticeOptions<Prompt> {
  settings?: GrpoSettings;
}

export interface Grpo {
  readonly config: GrpoConfig;
  /** For the trainer; the store is called 'policy'. */
  readonly phases: readonly Phase[];
  /** Optimizer steps of the whole run. */
  readonly steps: number;
}

/** @throws ConfigError when a setting is impossible, or no prompt leaves room for an answer */
export function createGrpo<Prompt extends PpoPrompt>(options: GrpoOptions<Prompt>): Grpo {
  const config = parseSettings(grpoSchema, options.settings ?? {}, 'grpo');
  const { klCoefficient, clipRange, variant } = config;
  const { policyPhase, steps } = practice(options, {
    name: 'grpo',
    config,
    kl: fixedKl(klCoefficient),
    batch: (tokens) => ({ oldLogProbs: tokens, referenceLogProbs: tokens, advantages: tokens, weights: tokens }),
    minibatches: groupMinibatches,
    loss: (logits, batch) =>
      groupLoss(logits, batch, { clipRange, klCoefficient: variant === 'rloo' ? 0 : klCoefficient }),
  });
  return { config, phases: [policyPhase], steps };
}

/**
 * What a token of an answer counts in the sum over a minibatch. GRPO: every answer the same, whatever its length. The two
 * others: every token the same, so that a long bad answer is not spared (Dr. GRPO divides by the limit of the length).
 */
export function tokenWeight(length: number, { variant, minibatchSize, maxTokens }: GrpoConfig): number {
  const tokens = { grpo: length, 'dr-grpo': maxTokens, rloo: 1 }[variant];
  return 1 / (tokens * minibatchSize);
}

/** What each answer of a round is paid: its score, and in RLOO what it strays from the reference. */
const rewardsOf = ({ scores, kl, klCoefficient }: Rollout, { variant }: GrpoConfig): Float32Array =>
  variant === 'rloo' ? scores.map((score, index) => score - klCoefficient * kl[index]!) : scores;

/** A round's minibatches: what each answer is worth is known from its whole group, wherever that was cut. */
function groupMinibatches(rollout: Rollout, options: { config: GrpoConfig; shape: RowShape }): Minibatch[] {
  const { config } = options;
  const { maxTokens } = config;
  const perAnswer = groupAdvantages(rewardsOf(rollout, config), config.samplesPerPrompt, config.variant);
  const spread = (of: (answer: number) => number): Float32Array =>
    rollout.mask.map((on, index) => (on === 0 ? 0 : of(Math.floor(index / maxTokens))));
  const advantages = spread((answer) => perAnswer[answer]!);
  const weights = spread((answer) => tokenWeight(rollout.samples[answer]!.response.length, config));
  return minibatchRows(rollout.iteration, config).map((rows): Minibatch => {
    const { batch, targets, cut } = partOf(rollout, rows, options);
    const { logProbs, referenceLogProbs } = rollout;
    return {
      policy: {
        ...batch,
        targets,
        oldLogProbs: cut(logProbs),
        referenceLogProbs: cut(referenceLogProbs),
        advantages: cut(advantages),
        weights: cut(weights),
      },
    };
  });
}
