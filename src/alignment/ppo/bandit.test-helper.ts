import { gpt } from '../../families/autoregressive/gpt.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { createGenerator } from '../../sampling/generator.js';
import { constant, logSoftmax, sliceAxis } from '../../tensor/index.js';
import { trainStepsOn } from '../../training/backend.js';
import type { Phase } from '../../training/phase.js';
import { Trainer } from '../../training/trainer.js';
import type { PracticeOptions } from './practice.js';

/** One prompt, answers of one token: a bandit whose best policy under a KL penalty is known in closed form. */

export const banditModel = gpt({
  vocabularySize: 6,
  contextLength: 4,
  layers: 1,
  heads: 1,
  width: 16,
  initialisation: 0.3,
});
const rewardOf = [0.3, 0.1, -0.4, 0, 0.6, -0.2];
const banditCoefficient = 0.3;

/** Rounds with one step each, so that nothing is learnt from but what was just sampled. */
export const banditSettings = {
  iterations: 120,
  rolloutSize: 128,
  minibatchSize: 128,
  maxTokens: 1,
  klCoefficient: banditCoefficient,
  unfinishedScore: null,
  clipRange: 0.3,
} as const;

/** Of mean reward − coefficient · KL(π ‖ reference): the policy in proportion to reference · exp(reward / coefficient). */
export function bestUnderKl(reference: readonly number[]): number[] {
  const weights = reference.map((probability, token) => probability * Math.exp(rewardOf[token]! / banditCoefficient));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** Of mean reward − coefficient · KL(reference ‖ π): coefficient · reference / (λ − reward), with λ such that it sums to 1. */
export function bestUnderForwardKl(reference: readonly number[]): number[] {
  const policy = (lambda: number): number[] =>
    reference.map((probability, token) => (banditCoefficient * probability) / (lambda - rewardOf[token]!));
  let [low, high] = [Math.max(...rewardOf), 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (policy(middle).reduce((a, b) => a + b, 0) > 1) low = middle;
    else high = middle;
  }
  return policy(high);
}

/** Total variation between two distributions. */
export const variationBetween = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, p, token) => sum + Math.abs(p - other[token]!), 0) / 2;

/** The policy before and after practising, and the mean reward of each round. */
export async function playBandit(
  engine: Engine,
  learn: (options: PracticeOptions) => Promise<{
    phases: readonly Phase[];
    steps: number;
    stores?: Readonly<Record<string, Store>>;
  }>,
): Promise<{ before: number[]; after: number[]; rewards: number[] }> {
  const model = banditModel;
  const start = initialise(model.parameters, 5);
  const newStore = async (trainable: boolean) => {
    const store = await engine.createStore({ leaves: leavesOf(model.parameters), trainable });
    await store.write(start);
    return store;
  };
  const policy = await newStore(true);
  const reference = await newStore(false);
  const generator = createGenerator({ engine, model, store: policy });
  const rewards: number[] = [];
  const { phases, steps, stores } = await learn({
    engine,
    policy: { model, store: policy },
    reference,
    prompts: [{ messages: [], ids: Int32Array.of(1, 2) }],
    reward: (samples) => samples.map(({ response }) => rewardOf[response[0]!]!),
    sample: async (prompts, { seed }) =>
      (await generator.generateBatch({ prompts, maxTokens: 1, seed })).map(({ ids }) => ids),
    decode: (ids) => ids.join(' '),
    endToken: 0,
    padToken: 5,
    onRollout: ({ scores }) => {
      rewards.push(scores.reduce((a, b) => a + b, 0) / scores.length);
      return {};
    },
  });
  const trainer = await Trainer.create({
    stores: { policy, ...stores },
    phases,
    createStep: trainStepsOn(engine),
    settings: {
      steps,
      optimizer: { kind: 'adam', epsilon: 1e-5, epsilonInside: 'tensorflow' },
      schedule: { kind: 'linear', learningRate: 0.01, finalFraction: 0 },
    },
  });
  for (let step = 0; step < steps; step++) await trainer.step();

  const program = await engine.compile(
    ({ parameters }) => ({
      out: logSoftmax(
        sliceAxis(model.logits(parameters as never, constant(Int32Array.of(1, 2), [1, 2])), { axis: 1, start: 1 }),
      ),
    }),
    { parameters: model.parameters },
  );
  const distribution = async (store: Store): Promise<number[]> => {
    const { out } = (await program.run({ parameters: store })) as unknown as { out: Float32Array };
    return [...out].map(Math.exp);
  };
  return { before: await distribution(reference), after: await distribution(policy), rewards };
}
