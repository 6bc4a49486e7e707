import { mean } from '../../data/statistics.js';
import { counterRandom, shuffle } from '../../tensor/random.js';
import type { Message } from '../../tokenizer/chat.js';
import { inChunks } from '../../training/grouped-epochs.js';
import { type RowShape, rowArrays, rowsFor, timeFor } from '../answer-rows.js';
import { generalisedAdvantages } from './advantages.js';
import { type KlController, tokenRewards } from './kl.js';
import { type ResponseLayout, byPrompt, layOut, scoreOrPenalty, truncateResponse } from './responses.js';
import type { PpoConfig, RolloutConfig } from './settings.js';
import { whiten } from './whiten.js';

/** What the policy is asked. */
export interface PpoPrompt {
  readonly messages: readonly Message[];
  /** The messages as tokens, up to where the assistant begins. */
  readonly ids: Int32Array;
}

/** What it answered. */
export interface PpoSample<Prompt extends PpoPrompt = PpoPrompt> {
  readonly prompt: Prompt;
  /** The answer's tokens, its end token included. */
  readonly response: Int32Array;
  /** The answer's text, without the end token. */
  readonly answer: string;
  /** Whether it ended by itself within the limit. */
  readonly finished: boolean;
}

/** Scores answers: a reward model, or any function. Its unit is free; about mean 0 and variance 1 works best. */
export type RewardFunction<Prompt extends PpoPrompt = PpoPrompt> = (
  samples: readonly PpoSample<Prompt>[],
) => Promise<ArrayLike<number>> | ArrayLike<number>;

/** What rollouts need of the models: sampling and forward passes over laid-out answers, a minibatch each. */
export interface RolloutModels {
  sample(prompts: readonly Int32Array[], options: { seed: number }): Promise<readonly Int32Array[]>;
  /** log π of the answer tokens at the sampling temperature, [N · R]. */
  logProbs(layouts: readonly ResponseLayout[]): Promise<Float32Array>;
  referenceLogProbs(layouts: readonly ResponseLayout[]): Promise<Float32Array>;
  /** Absent where no value model is learnt. */
  readonly values?: (layouts: readonly ResponseLayout[]) => Promise<Float32Array>;
}

/** One round's answers with all that learning from them needs. Arrays are [N · R]. */
export interface Rollout<Prompt extends PpoPrompt = PpoPrompt> {
  readonly iteration: number;
  readonly samples: readonly PpoSample<Prompt>[];
  /** float32 [N · R]: 1 within the answer. */
  readonly mask: Float32Array;
  readonly scores: Float32Array;
  readonly logProbs: Float32Array;
  readonly referenceLogProbs: Float32Array;
  /** 0 where no value model is learnt. */
  readonly values: Float32Array;
  /** log π − log π_ref summed over each answer, nats, [N]. */
  readonly kl: Float32Array;
  /** In force when the round was sampled. */
  readonly klCoefficient: number;
}

export interface RolloutOptions<Prompt extends PpoPrompt> {
  readonly prompts: readonly Prompt[];
  readonly models: RolloutModels;
  readonly reward: RewardFunction<Prompt>;
  readonly kl: KlController;
  readonly decode: (ids: Int32Array) => string;
  readonly endToken: number;
  readonly shape: RowShape;
  readonly config: RolloutConfig;
}

/**
 * The prompts of a round, each as often as it is to be answered: passes over all of them, each pass in an order of its
 * own.
 */
export function promptsOf<Prompt>(
  all: readonly Prompt[],
  iteration: number,
  { rolloutSize, samplesPerPrompt, seed }: Pick<RolloutConfig, 'rolloutSize' | 'samplesPerPrompt' | 'seed'>,
): Prompt[] {
  const size = rolloutSize / samplesPerPrompt;
  return Array.from({ length: size }, (_, index) => {
    const count = iteration * size + index;
    const pass = Math.floor(count / all.length);
    const prompt = all[permutation(all.length, seed, 'prompts', pass)[count % all.length]!]!;
    return Array.from({ length: samplesPerPrompt }, () => prompt);
  }).flat();
}

const orders = new Map<string, number[]>();
/** A fresh order for every (seed, purpose, step); the last few are kept. */
function permutation(length: number, seed: number, purpose: string, step: number): number[] {
  const name = `${length}/${seed}/${purpose}/${step}`;
  let order = orders.get(name);
  if (order === undefined) {
    order = shuffle(counterRandom(seed, purpose, step), [...Array(length).keys()]);
    if (orders.size > 8) orders.clear();
    orders.set(name, order);
  }
  return order;
}

const asked = ({ prompt, response }: PpoSample) => ({ prompt: prompt.ids, response });

/** Samples a round of answers and measures everything about them that does not depend on later learning. */
export async function collectRollout<Prompt extends PpoPrompt>(
  options: RolloutOptions<Prompt>,
  iteration: number,
): Promise<Rollout<Prompt>> {
  const { models, config, kl, decode, endToken, shape } = options;
  const prompts = promptsOf(options.prompts, iteration, config);
  // A seed for each round: 1e6 rounds apart, so that runs with neighbouring seeds share none.
  const seed = config.seed * 1_000_000 + iteration;
  const sampled = await models.sample(
    prompts.map(({ ids }) => ids),
    { seed },
  );
  const samples = sampled.map((ids, index): PpoSample<Prompt> => {
    const { ids: response, finished } = truncateResponse(ids, { endToken, after: config.truncateAfter });
    const spoken = finished ? response.subarray(0, -1) : response;
    return { prompt: prompts[index]!, response, finished, answer: decode(spoken) };
  });
  // Answers are shorter than they might be: as many rows as these take, in one of a few sizes.
  const layouts = inChunks(config.minibatchSize)(samples).map((part) => {
    const responses = part.map(asked);
    const unit = Math.ceil(shape.rows / 6);
    const rows = Math.min(shape.rows, unit * Math.ceil(rowsFor(byPrompt(responses).groups, shape.time) / unit));
    return layOut(responses, { ...shape, rows, responseLength: config.maxTokens });
  });
  const raw = await options.reward(samples);
  const scores = Float32Array.from(samples, ({ finished }, index) =>
    scoreOrPenalty(raw[index]!, finished, config.unfinishedScore),
  );
  const logProbs = await models.logProbs(layouts);
  const referenceLogProbs = await models.referenceLogProbs(layouts);
  const values = (await models.values?.(layouts)) ?? new Float32Array(logProbs.length);
  const length = config.maxTokens;
  const perAnswer = Float32Array.from(samples, ({ response }, row) => {
    let total = 0;
    for (let step = 0; step < response.length; step++) {
      total += logProbs[row * length + step]! - referenceLogProbs[row * length + step]!;
    }
    return total;
  });
  const klCoefficient = kl.coefficient;
  kl.update(mean(perAnswer), samples.length);
  const mask = Float32Array.from(layouts.flatMap((layout) => [...layout.mask]));
  return { iteration, samples, mask, scores, logProbs, referenceLogProbs, values, kl: perAnswer, klCoefficient };
}

/** The rows of one optimizer step. */
export interface Minibatch {
  /** For the policy: the rows, and states, targets, mask, oldLogProbs, advantages [M · R]. */
  readonly policy: Readonly<Record<string, Int32Array | Float32Array>>;
  /** For the value model, where there is one: the rows, and states, mask, oldValues, returns. */
  readonly value?: Readonly<Record<string, Int32Array | Float32Array>>;
}

/** Some answers of a round, laid out anew; `cut` takes of an array [N · R] what belongs to them. */
export function partOf(
  { samples }: Pick<Rollout, 'samples'>,
  rows: readonly number[],
  { config, shape }: { config: Pick<RolloutConfig, 'maxTokens'>; shape: RowShape },
) {
  const length = config.maxTokens;
  const layout = layOut(
    rows.map((row) => asked(samples[row]!)),
    { ...shape, responseLength: length },
  );
  const cut = (source: Float32Array): Float32Array => {
    const part = new Float32Array(rows.length * length);
    rows.forEach((row, index) => {
      part.set(source.subarray(row * length, (row + 1) * length), index * length);
    });
    return part;
  };
  const { states, targets, mask } = layout;
  return { batch: { ...rowArrays(layout), states, mask }, targets, mask, cut };
}

/** Cuts out some answers of a round, and works out rewards, advantages and returns within them. */
export function minibatchOf(
  rollout: Rollout,
  rows: readonly number[],
  { config, shape }: { config: PpoConfig; shape: RowShape },
): Required<Minibatch> {
  const { samples } = rollout;
  const length = config.maxTokens;
  const { batch, targets, mask, cut } = partOf(rollout, rows, { config, shape });
  const [oldLogProbs, oldValues] = [cut(rollout.logProbs), cut(rollout.values)];

  let rewards: Float32Array = new Float32Array(rows.length * length);
  rows.forEach((row, index) => {
    const { response } = samples[row]!;
    const range = [row * length, row * length + response.length] as const;
    const given = tokenRewards({
      logProbs: rollout.logProbs.subarray(...range),
      referenceLogProbs: rollout.referenceLogProbs.subarray(...range),
      score: rollout.scores[row]!,
      coefficient: rollout.klCoefficient,
    });
    rewards.set(given, index * length);
  });
  if (config.whitenRewards) rewards = whiten(rewards, { mask, shiftMean: false });

  let advantages: Float32Array = new Float32Array(rows.length * length);
  const returns = new Float32Array(rows.length * length);
  rows.forEach((row, index) => {
    const range = [index * length, index * length + samples[row]!.response.length] as const;
    const estimate = generalisedAdvantages(rewards.subarray(...range), oldValues.subarray(...range), config);
    advantages.set(estimate.advantages, range[0]);
    returns.set(estimate.returns, range[0]);
  });
  if (config.whitenAdvantages) advantages = whiten(advantages, { mask });
  return { policy: { ...batch, targets, oldLogProbs, advantages }, value: { ...batch, oldValues, returns } };
}

/** Which of a round's answers are learnt from together: every epoch a fresh order of all of them. */
export function minibatchRows(
  iteration: number,
  { rolloutSize, minibatchSize, epochs, seed }: RolloutConfig,
): number[][] {
  return Array.from({ length: epochs }, (_, epoch) =>
    inChunks(minibatchSize)(permutation(rolloutSize, seed, 'minibatches', iteration * epochs + epoch)),
  ).flat();
}

export function minibatchesOf(
  rollout: Rollout,
  options: { config: PpoConfig; shape: RowShape },
): Required<Minibatch>[] {
  return minibatchRows(rollout.iteration, options.config).map((rows) => minibatchOf(rollout, rows, options));
}

/**
 * Rows for the largest minibatch of a run, were every answer as long as it may be. Which prompts meet in a minibatch is
 * known beforehand.
 */
export function rolloutShape(prompts: readonly PpoPrompt[], config: RolloutConfig): Pick<RowShape, 'rows' | 'time'> {
  const { iterations, minibatchSize, maxTokens } = config;
  const response = new Int32Array(maxTokens);
  const minibatches = Array.from({ length: iterations }, (_, iteration) => {
    const round = promptsOf(prompts, iteration, config);
    return [...inChunks(minibatchSize)([...round.keys()]), ...minibatchRows(iteration, config)].map(
      (rows) => byPrompt(rows.map((row) => ({ prompt: round[row]!.ids, response }))).groups,
    );
  }).flat();
  const longest = Math.max(...prompts.map(({ ids }) => ids.length)) + maxTokens;
  const time = timeFor(longest, minibatches.flat());
  return { time, rows: minibatches.reduce((most, groups) => Math.max(most, rowsFor(groups, time)), 1) };
}
