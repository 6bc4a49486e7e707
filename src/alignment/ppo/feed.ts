import type { Json } from '../../data/json.js';
import { mean } from '../../data/statistics.js';
import type { TrainingSource } from '../../training/phase.js';
import type { KlController } from './kl.js';
import type { Minibatch, Rollout } from './rollouts.js';
import type { RolloutConfig } from './settings.js';

interface FeedOptions {
  config: RolloutConfig;
  kl: KlController;
  collect: (iteration: number) => Promise<Rollout>;
  minibatches: (rollout: Rollout) => Minibatch[];
  onRollout?: (rollout: Rollout) => Record<string, number> | Promise<Record<string, number>>;
  tokensPerMinibatch: number;
}

/** Hands the same minibatches to all phases, and samples a new round when one is used up. */
export class RolloutFeed {
  readonly #options: FeedOptions;
  #iteration = 0;
  #waiting: Minibatch[] = [];
  #current: Minibatch | undefined;
  #figures: Record<string, number> = {};

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  policySource(): TrainingSource {
    const { config, kl, tokensPerMinibatch } = this.#options;
    return {
      tokensPerBatch: tokensPerMinibatch,
      next: async () => {
        this.#figures = {};
        if (this.#waiting.length === 0) await this.#sample();
        this.#current = this.#waiting.shift()!;
        return this.#current.policy;
      },
      state: (): Json => ({ iteration: this.#iteration, klCoefficient: kl.coefficient }),
      restore: (state) => {
        const saved = state as unknown as { iteration: number; klCoefficient: number };
        this.#iteration = saved.iteration;
        this.#waiting = [];
        kl.restore(saved.klCoefficient);
      },
      resumable: () => this.#waiting.length === 0,
      metrics: () => this.#figures,
      describe: () => `rounds of ${config.rolloutSize} sampled answers, minibatches of ${config.minibatchSize}`,
    };
  }

  valueSource(): TrainingSource {
    return {
      tokensPerBatch: 0,
      next: () => this.#current!.value!,
      state: () => null,
      restore: () => undefined,
      describe: () => "the policy's minibatches",
    };
  }

  async #sample(): Promise<void> {
    const { minibatches, collect, onRollout } = this.#options;
    const rollout = await collect(this.#iteration);
    this.#waiting = minibatches(rollout);
    this.#iteration++;
    const { samples, scores, kl, klCoefficient, mask } = rollout;
    const spread = Math.sqrt(mean(scores.map((score) => (score - mean(scores)) ** 2)));
    this.#figures = {
      iteration: this.#iteration,
      reward: mean(scores),
      rewardDeviation: spread,
      kl: mean(kl),
      klCoefficient,
      length: mask.reduce((a, b) => a + b, 0) / samples.length,
      finished: mean(samples.map(({ finished }) => Number(finished))),
      ...(await onRollout?.(rollout)),
    };
  }
}
