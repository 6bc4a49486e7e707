import { afterAll, beforeAll, expect, it } from 'vitest';
import { initialise, leavesOf } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { createGrpo } from '../grpo/grpo.js';
import { scalarModel } from '../scalar-model.js';
import {
  banditModel,
  banditSettings,
  bestUnderForwardKl,
  bestUnderKl,
  playBandit,
  variationBetween,
} from './bandit.test-helper.js';
import { createPpo } from './ppo.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const expectOptimum = (
  { before, after, rewards }: Awaited<ReturnType<typeof playBandit>>,
  optimum: (reference: readonly number[]) => number[],
): void => {
  const best = optimum(before);
  expect(variationBetween(before, best)).toBeGreaterThan(0.2);
  expect(variationBetween(after, best)).toBeLessThan(0.06);
  expect(rewards.at(-1)).toBeGreaterThan(rewards[0]!);
};

it('PPO reaches the known optimum: the policy in proportion to reference · exp(reward / coefficient)', async () => {
  const value = scalarModel(banditModel, { zeroHead: true });
  const store = await engine.createStore({ leaves: leavesOf(value.parameters), trainable: true });
  await store.write(initialise(value.parameters, 6));
  expectOptimum(
    await playBandit(engine, (options) => {
      const settings = { ...banditSettings, valueClipRange: null, whitenAdvantages: false };
      const { phases, steps } = createPpo({ ...options, value: { model: value, store }, settings });
      return Promise.resolve({ phases, steps, stores: { value: store } });
    }),
    bestUnderKl,
  );
}, 120_000);

// GRPO's own advantages are over their deviation, which no fixed reward is the optimum of.
it.each([
  ['rloo', 'the same optimum', bestUnderKl],
  ['dr-grpo', 'the one that its estimate of the KL has', bestUnderForwardKl],
] as const)(
  '%s reaches %s without a value model',
  async (variant, _, optimum) => {
    const settings = { ...banditSettings, samplesPerPrompt: 32, variant };
    expectOptimum(
      await playBandit(engine, (options) => Promise.resolve(createGrpo({ ...options, settings }))),
      optimum,
    );
  },
  120_000,
);
