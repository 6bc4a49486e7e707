import { createGrpo } from '../../alignment/grpo/grpo.js';
import type { PpoPrompt } from '../../alignment/ppo/rollouts.js';
import type { Lineage } from '../../formats/lineage.js';
import { type PracticeStageOptions, trainByPractice } from './practice.js';
import type { GrpoStageConfig } from './settings.js';
import type { StageContext } from './stage.js';

const names = { grpo: 'GRPO', 'dr-grpo': 'Dr. GRPO', rloo: 'RLOO' };

/** Aligns a supervised model by GRPO or one of its kin and saves the policy as a model folder. */
export const trainGrpo = <Prompt extends PpoPrompt>(
  context: StageContext,
  options: PracticeStageOptions<Prompt, GrpoStageConfig>,
): Promise<Lineage> => {
  const { grpo: settings } = options.config;
  return trainByPractice(context, options, {
    name: names[settings.variant],
    rollouts: settings,
    start: (practice) => Promise.resolve({ ...createGrpo({ ...practice, settings }), stores: {} }),
  });
};
