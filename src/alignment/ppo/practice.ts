import { ConfigError } from '../../errors.js';
import type { Gpt, GptParameters } from '../../families/autoregressive/gpt.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { type Tensor, type TensorSpec, type Traced, float32, int32 } from '../../tensor/index.js';
import { type LossOutput, type LossTerm, type Phase, phase } from '../../training/phase.js';
import { type RowShape, rowSpec } from '../answer-rows.js';
import type { ScalarModel } from '../scalar-model.js';
import { RolloutFeed } from './feed.js';
import type { KlController } from './kl.js';
import { logitsAt } from './losses.js';
import { rolloutModels } from './programs.js';
import {
  type Minibatch,
  type PpoPrompt,
  type RewardFunction,
  type Rollout,
  type RolloutModels,
  collectRollout,
  rolloutShape,
} from './rollouts.js';
import type { RolloutConfig } from './settings.js';

/** A policy that practises: it answers prompts, is told a reward, and learns. What it learns by differs: PPO, GRPO, RLOO. */
export interface PracticeOptions<Prompt extends PpoPrompt = PpoPrompt> {
  engine: Engine;
  policy: { model: Gpt; store: Store };
  /** Parameters that the policy is held near to: those it started from. */
  reference: Store;
  prompts: readonly Prompt[];
  reward: RewardFunction<Prompt>;
  /** Samples one answer per prompt from the policy's parameters, at the temperature of the settings. */
  sample: RolloutModels['sample'];
  decode: (ids: Int32Array) => string;
  endToken: number;
  padToken: number;
  /** The loss of the pretraining mix; needed where pretrainingCoefficient > 0. See `languageModelTerm`. */
  pretraining?: LossTerm;
  /** Sees every round before it is learnt from; what it returns is logged beside the round's own figures. */
  onRollout?: (rollout: Rollout<Prompt>) => Record<string, number> | Promise<Record<string, number>>;
}

export interface Learning<Config extends RolloutConfig, Batch extends Record<string, TensorSpec>> {
  /** Stands before the settings in error messages. */
  readonly name: string;
  readonly config: Config;
  readonly kl: KlController;
  readonly value?: { readonly model: ScalarModel; readonly store: Store };
  /** What a minibatch holds for the policy beside its rows, `states`, `mask` and `targets`, for a number of tokens. */
  readonly batch: (tokens: TensorSpec) => Batch;
  readonly minibatches: (rollout: Rollout, options: { config: Config; shape: RowShape }) => Minibatch[];
  /** Of the policy. @param logits [M · R, V], at the sampling temperature */
  readonly loss: (logits: Tensor, batch: Traced<Batch> & { targets: Tensor; mask: Tensor }) => LossOutput;
}

export interface Practice {
  readonly policyPhase: Phase;
  readonly feed: RolloutFeed;
  /** Shapes that a minibatch has in all phases. */
  readonly shared: ReturnType<typeof rowSpec> & { readonly states: TensorSpec; readonly mask: TensorSpec };
  readonly perToken: TensorSpec;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
}

/** @throws ConfigError when a setting is impossible, or no prompt leaves room for an answer */
export function practice<
  Prompt extends PpoPrompt,
  Config extends RolloutConfig,
  Batch extends Record<string, TensorSpec>,
>(options: PracticeOptions<Prompt>, learning: Learning<Config, Batch>): Practice {
  const { policy, pretraining } = options;
  const { name, config, kl, value } = learning;
  const { rolloutSize, minibatchSize, samplesPerPrompt, maxTokens, temperature } = config;
  for (const [key, size] of Object.entries({ minibatchSize, samplesPerPrompt })) {
    if (rolloutSize % size === 0) continue;
    throw new ConfigError(`${name}.${key}: ${size} does not divide rolloutSize ${rolloutSize}`, {
      advice: 'Take a number that does, or another rolloutSize.',
    });
  }
  if (config.pretrainingCoefficient > 0 && pretraining === undefined) {
    throw new ConfigError(`${name}.pretrainingCoefficient: there is no pretraining data to mix in`, {
      advice: 'give the text the model was pretrained on, or set the coefficient to 0',
    });
  }
  const context = policy.model.config.contextLength;
  const prompts = options.prompts.filter(({ ids }) => ids.length + maxTokens <= context);
  if (prompts.length === 0) {
    throw new ConfigError(
      `${name}.maxTokens: no prompt leaves room for ${maxTokens} tokens in a context of ${context}`,
      { advice: 'Lower it, or give shorter prompts.' },
    );
  }
  const shape = { ...rolloutShape(prompts, config), padToken: options.padToken };
  const models = rolloutModels({ ...options, ...(value && { value }), config, shape });
  const feed = new RolloutFeed({
    config,
    kl,
    collect: (iteration) => collectRollout({ ...options, prompts, models, kl, config, shape }, iteration),
    minibatches: (rollout) => learning.minibatches(rollout, { config, shape }),
    onRollout: options.onRollout as ((rollout: Rollout) => Record<string, number>) | undefined,
    tokensPerMinibatch: shape.rows * shape.time,
  });
  const perToken = float32(minibatchSize * maxTokens);
  const places = int32(minibatchSize * maxTokens);
  const shared = { ...rowSpec(shape), states: places, mask: perToken };
  const policyPhase = phase({
    name: 'policy',
    store: 'policy',
    guarded: false,
    source: feed.policySource(),
    ...(config.pretrainingCoefficient > 0 && {
      also: [{ ...pretraining!, weight: config.pretrainingCoefficient }],
    }),
    parameters: policy.model.parameters as never,
    batch: { ...shared, targets: places, ...learning.batch(perToken) },
    loss: (parameters, batch) =>
      learning.loss(logitsAt(policy.model, parameters as GptParameters, batch as never, temperature), batch as never),
  });
  const steps = config.iterations * config.epochs * (rolloutSize / minibatchSize);
  return { policyPhase, feed, shared, perToken, steps };
}
