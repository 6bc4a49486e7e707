import { ConfigError } from '../../errors.js';
import type { Gpt, GptParameters } from '../../families/autoregressive/gpt.js';
import type { Engine, Program, Store } from '../../runtime/engine.js';
import { type Tensor, type TensorSpec, logProbOf } from '../../tensor/index.js';
import type { Json } from '../../data/json.js';
import { type LossTerm, type Phase, type TrainingSource, phase } from '../../training/phase.js';
import { parseSettings } from '../../training/settings.js';
import { type RowShape, type RowTensors, rowArrays, rowSpec } from '../answer-rows.js';
import type { ScalarModel, ScalarParameters } from '../scalar-model.js';
import { type KlController, adaptiveKl, fixedKl } from './kl.js';
import { logitsAt, policyLoss, valueLoss } from './losses.js';
import type { ResponseLayout } from './responses.js';
import {
  type Minibatch,
  type PpoPrompt,
  type RewardFunction,
  type Rollout,
  type RolloutModels,
  collectRollout,
  mean,
  minibatchesOf,
  rolloutShape,
} from './rollouts.js';
import { type PpoConfig, type PpoSettings, ppoSchema } from './settings.js';

/**
 * Proximal policy optimization from human feedback (Ziegler et al. 2019; Ouyang et al. 2022), as two phases of the one
 * trainer: the policy on PPO's loss (with the pretraining mix added to it), and the value model on its own.
 */
export interface PpoOptions<Prompt extends PpoPrompt = PpoPrompt> {
  engine: Engine;
  policy: { model: Gpt; store: Store };
  /** Parameters that the policy is held near to: those it started from. */
  reference: Store;
  value: { model: ScalarModel; store: Store };
  prompts: readonly Prompt[];
  reward: RewardFunction<Prompt>;
  /** Samples one answer per prompt from the policy's parameters, at the temperature of the settings. */
  sample: RolloutModels['sample'];
  decode: (ids: Int32Array) => string;
  endToken: number;
  padToken: number;
  /** The loss of the pretraining mix; needed where pretrainingCoefficient > 0. See `languageModelTerm`. */
  pretraining?: LossTerm;
  settings?: PpoSettings;
  /** Sees every round before it is learnt from; what it returns is logged beside the round's own figures. */
  onRollout?: (rollout: Rollout<Prompt>) => Record<string, number> | Promise<Record<string, number>>;
}

export interface Ppo {
  readonly config: PpoConfig;
  /** For the trainer; the stores are called 'policy' and 'value'. */
  readonly phases: readonly Phase[];
  /** Optimizer steps of the whole run. */
  readonly steps: number;
}

const int32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });
const float32 = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });

/** @throws ConfigError when a setting is impossible, or no prompt leaves room for an answer */
export function createPpo<Prompt extends PpoPrompt>(options: PpoOptions<Prompt>): Ppo {
  const config = parseSettings(ppoSchema, options.settings ?? {}, 'ppo');
  const { rolloutSize, minibatchSize, maxTokens, temperature } = config;
  if (rolloutSize % minibatchSize !== 0) {
    throw new ConfigError(`ppo.minibatchSize: ${minibatchSize} does not divide rolloutSize ${rolloutSize}`);
  }
  if (rolloutSize % config.samplesPerPrompt !== 0) {
    throw new ConfigError(
      `ppo.samplesPerPrompt: ${config.samplesPerPrompt} does not divide rolloutSize ${rolloutSize}`,
    );
  }
  const { policy, value, pretraining } = options;
  if (config.pretrainingCoefficient > 0 && pretraining === undefined) {
    throw new ConfigError('ppo.pretrainingCoefficient: there is no pretraining data to mix in', {
      advice: 'give the text the model was pretrained on, or set the coefficient to 0',
    });
  }
  const context = policy.model.config.contextLength;
  const prompts = options.prompts.filter(({ ids }) => ids.length + maxTokens <= context);
  if (prompts.length === 0) {
    throw new ConfigError(`ppo.maxTokens: no prompt leaves room for ${maxTokens} tokens in a context of ${context}`);
  }
  const shape = { ...rolloutShape(prompts, config), padToken: options.padToken };

  const models = rolloutModels({ ...options, config, shape });
  const kl =
    config.klTarget === null
      ? fixedKl(config.klCoefficient)
      : adaptiveKl({ initial: config.klCoefficient, target: config.klTarget, horizon: config.klHorizon });
  const feed = new RolloutFeed({
    config,
    kl,
    shape,
    collect: (iteration) => collectRollout({ ...options, prompts, models, kl, config, shape }, iteration),
    onRollout: options.onRollout as ((rollout: Rollout) => Record<string, number>) | undefined,
    tokensPerMinibatch: shape.rows * shape.time,
  });

  const size = minibatchSize * maxTokens;
  const shared = { ...rowSpec(shape), states: int32(size), mask: float32(size) };
  const policyPhase = phase({
    name: 'policy',
    store: 'policy',
    guarded: false,
    source: feed.policySource(),
    ...(config.pretrainingCoefficient > 0 && {
      also: [{ ...pretraining!, weight: config.pretrainingCoefficient }],
    }),
    parameters: policy.model.parameters as never,
    batch: { ...shared, targets: int32(size), oldLogProbs: float32(size), advantages: float32(size) },
    loss: (parameters, batch) =>
      policyLoss(logitsAt(policy.model, parameters as GptParameters, batch, temperature), batch, config.clipRange),
  });
  const valuePhase = phase({
    name: 'value',
    store: 'value',
    guarded: false,
    source: feed.valueSource(),
    ...(config.valueLearningRate !== null && { schedule: { learningRate: config.valueLearningRate } }),
    parameters: value.model.parameters as never,
    batch: { ...shared, oldValues: float32(size), returns: float32(size) },
    loss: (parameters, batch) =>
      valueLoss(value.model.at(parameters as ScalarParameters, batch, batch.states), batch, config.valueClipRange),
  });
  const steps = config.iterations * config.epochs * (rolloutSize / minibatchSize);
  return { config, phases: [policyPhase, valuePhase], steps };
}

/** The forward passes over a round's answers, compiled when they are first needed. The reference runs the policy's program on its own store. */
function rolloutModels<Prompt extends PpoPrompt>(
  options: PpoOptions<Prompt> & { config: PpoConfig; shape: RowShape },
): RolloutModels {
  const { engine, policy, reference, value, config, shape } = options;
  const size = config.minibatchSize * config.maxTokens;
  const batch = (rows: number) => ({ ...rowSpec({ rows, time: shape.time }), states: int32(size) });
  const logProbProgram = forEachSize((rows) =>
    engine.compile(
      (args: { parameters: GptParameters; batch: AnswerTensors & { readonly targets: Tensor } }) => ({
        out: logProbOf(logitsAt(policy.model, args.parameters, args.batch, config.temperature), args.batch.targets),
      }),
      { parameters: policy.model.parameters, batch: { ...batch(rows), targets: int32(size) } } as never,
      { name: 'ppo-log-probabilities' },
    ),
  );
  const valueProgram = forEachSize((rows) =>
    engine.compile(
      (args: { parameters: ScalarParameters; batch: AnswerTensors }) => ({
        out: value.model.at(args.parameters, args.batch, args.batch.states),
      }),
      { parameters: value.model.parameters, batch: batch(rows) } as never,
      { name: 'ppo-values' },
    ),
  );
  /** Runs a program over layouts and joins what it says; places that are not of an answer become 0. */
  const over = async (
    layouts: readonly ResponseLayout[],
    run: (layout: ResponseLayout, rows: number) => Promise<unknown>,
  ): Promise<Float32Array> => {
    const all = new Float32Array(layouts.length * size);
    for (const [index, layout] of layouts.entries()) {
      const { out } = (await run(layout, layout.tokens.length / shape.time)) as { out: Float32Array };
      all.set(
        out.map((number, at) => (layout.mask[at] === 0 ? 0 : number)),
        index * size,
      );
    }
    return all;
  };
  const logProbsOf = (parameters: Store) => (layouts: readonly ResponseLayout[]) =>
    over(layouts, async (layout, rows) => {
      const { states, targets } = layout;
      return (await logProbProgram(rows)).run({ parameters, batch: { ...rowArrays(layout), states, targets } });
    });
  return {
    sample: options.sample,
    logProbs: logProbsOf(policy.store),
    referenceLogProbs: logProbsOf(reference),
    values: (layouts) =>
      over(layouts, async (layout, rows) =>
        (await valueProgram(rows)).run({
          parameters: value.store,
          batch: { ...rowArrays(layout), states: layout.states },
        }),
      ),
  };
}

/** Compiles a program for a number of rows when it is first asked for. */
function forEachSize(compile: (rows: number) => Promise<Program>): (rows: number) => Promise<Program> {
  const compiled = new Map<number, Promise<Program>>();
  return (rows) => {
    const program = compiled.get(rows) ?? compile(rows);
    compiled.set(rows, program);
    return program;
  };
}

type AnswerTensors = RowTensors & { readonly states: Tensor };

interface FeedOptions {
  config: PpoConfig;
  shape: RowShape;
  kl: KlController;
  collect: (iteration: number) => Promise<Rollout>;
  onRollout?: (rollout: Rollout) => Record<string, number> | Promise<Record<string, number>>;
  tokensPerMinibatch: number;
}

/** Hands the same minibatches to both phases, and samples a new round when one is used up. */
class RolloutFeed {
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
      next: () => this.#current!.value,
      state: () => null,
      restore: () => undefined,
      describe: () => "the policy's minibatches",
    };
  }

  async #sample(): Promise<void> {
    const { config, shape, collect, onRollout } = this.#options;
    const rollout = await collect(this.#iteration);
    this.#waiting = minibatchesOf(rollout, { config, shape });
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
