import type { PpoPrompt, RewardFunction } from '../../alignment/ppo/rollouts.js';
import { createScorer } from '../../alignment/reward-model.js';
import type { ScalarModel } from '../../alignment/scalar-model.js';
import { type LoadedModel, rewardModelOf } from '../../formats/model-folder.js';
import { leavesOf } from '../../nn/parameters.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';

/** A reward, ready to score answers. */
export interface Rewarding<Prompt extends PpoPrompt> {
  readonly score: RewardFunction<Prompt>;
  /** The reward model on the engine, where the reward is one. */
  readonly judge?: { readonly model: ScalarModel; readonly store: Store };
  readonly dispose: () => Promise<void>;
}

/** Puts a reward model on the engine, which then reads prompts and answers together; a function is one already. */
export async function rewarding<Prompt extends PpoPrompt>(
  engine: Engine,
  reward: LoadedModel | RewardFunction<Prompt>,
): Promise<Rewarding<Prompt>> {
  if (typeof reward === 'function') return { score: reward, dispose: () => Promise.resolve() };
  const model = rewardModelOf(reward);
  const store = await engine.createStore({ leaves: leavesOf(model.parameters), values: reward.values });
  const padToken = reward.tokenizer.idOf(CONTROL.pad);
  const scorer = await createScorer({ engine, model, store, longest: model.body.config.contextLength, padToken });
  return {
    score: (samples) =>
      scorer.score(samples.map(({ prompt, response }) => Int32Array.from([...prompt.ids, ...response]))),
    judge: { model, store },
    dispose: () => store.dispose(),
  };
}
