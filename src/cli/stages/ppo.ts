import { createPpo } from '../../alignment/ppo/ppo.js';
import type { PpoPrompt } from '../../alignment/ppo/rollouts.js';
import { bodyFrom, scalarModel } from '../../alignment/scalar-model.js';
import type { Lineage } from '../../formats/lineage.js';
import { languageModelOf } from '../../formats/model-folder.js';
import { initialise } from '../../nn/parameters.js';
import { type PracticeStageOptions, trainByPractice } from './practice.js';
import type { PpoStageConfig } from './settings.js';
import type { StageContext } from './stage.js';
import { adapted, trainedWeights } from './trained-weights.js';

export type PpoStageOptions<Prompt extends PpoPrompt> = PracticeStageOptions<Prompt, PpoStageConfig>;

/** Aligns a supervised model by PPO and saves the policy as a model folder. */
export const trainPpo = <Prompt extends PpoPrompt>(
  context: StageContext,
  options: PpoStageOptions<Prompt>,
): Promise<Lineage> => {
  const { config, parent } = options;
  const { lora, ppo: settings, training } = config;
  return trainByPractice(context, options, {
    name: 'PPO',
    rollouts: settings,
    start: async (practice, judge, keep) => {
      const { engine } = practice;
      // The value model begins as the reward model, or where there is none as the policy with a head that says 0.
      const model = scalarModel(adapted(judge?.model.body ?? languageModelOf(parent), lora), {
        zeroHead: judge === undefined,
      });
      const values = judge
        ? await judge.store.read()
        : { ...initialise(model.parameters, settings.seed), ...bodyFrom(parent.values) };
      const { store } = keep(
        await trainedWeights(engine, {
          specs: model.parameters,
          values,
          rank: lora,
          average: training.average !== null,
          seed: settings.seed,
          ...(judge && { over: judge.store }),
        }),
      );
      const { phases, steps } = createPpo({ ...practice, value: { model, store }, settings });
      return { phases, steps, stores: { value: store } };
    },
  });
};
