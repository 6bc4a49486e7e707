import type { Store } from '../../runtime/engine.js';
import { type Phase, phase } from '../../training/phase.js';
import { parseSettings } from '../../training/settings.js';
import type { ScalarModel, ScalarParameters } from '../scalar-model.js';
import { adaptiveKl, fixedKl } from './kl.js';
import { policyLoss, valueLoss } from './losses.js';
import { type PracticeOptions, practice } from './practice.js';
import { type PpoPrompt, minibatchesOf } from './rollouts.js';
import { type PpoConfig, type PpoSettings, ppoSchema } from './settings.js';

/**
 * Proximal policy optimization from human feedback (Ziegler et al. 2019; Ouyang et al. 2022), as two phases of the one
 * trainer: the policy on PPO's loss (with the pretraining mix added to it), and the value model on its own.
 */
export interface PpoOptions<Prompt extends PpoPrompt = PpoPrompt> extends PracticeOptions<Prompt> {
  value: { model: ScalarModel; store: Store };
  settings?: PpoSettings;
}

export interface Ppo {
  readonly config: PpoConfig;
  /** For the trainer; the stores are called 'policy' and 'value'. */
  readonly phases: readonly Phase[];
  /** Optimizer steps of the whole run. */
  readonly steps: number;
}

/** @throws ConfigError when a setting is impossible, or no prompt leaves room for an answer */
export function createPpo<Prompt extends PpoPrompt>(options: PpoOptions<Prompt>): Ppo {
  const config = parseSettings(ppoSchema, options.settings ?? {}, 'ppo');
  const { value } = options;
  const { klCoefficient, klTarget, klHorizon, clipRange } = config;
  const { policyPhase, feed, shared, perToken, steps } = practice(options, {
    name: 'ppo',
    config,
    kl:
      klTarget === null
        ? fixedKl(klCoefficient)
        : adaptiveKl({ initial: klCoefficient, target: klTarget, horizon: klHorizon }),
    value,
    batch: (tokens) => ({ oldLogProbs: tokens, advantages: tokens }),
    minibatches: minibatchesOf,
    loss: (logits, batch) => policyLoss(logits, batch, clipRange),
  });
  const valuePhase = phase({
    name: 'value',
    store: 'value',
    guarded: false,
    source: feed.valueSource(),
    ...(config.valueLearningRate !== null && { schedule: { learningRate: config.valueLearningRate } }),
    parameters: value.model.parameters as never,
    batch: { ...shared, oldValues: perToken, returns: perToken },
    loss: (parameters, batch) =>
      valueLoss(value.model.at(parameters as ScalarParameters, batch, batch.states), batch, config.valueClipRange),
  });
  return { config, phases: [policyPhase, valuePhase], steps };
}
