import type { PracticeCommandFlags } from '../actions/practice.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, pretrainingFlag, runFlags } from '../flags.js';
import { aboutRewards, practiceFlags } from '../practice-flags.js';
import type { PpoCommandConfig } from '../stages/settings.js';

export const command = defineCommand<PracticeCommandFlags, PpoCommandConfig>({
  details: `Reinforcement learning: the supervised model practises on prompts and is moved towards what the reward says,
held near to where it started by a KL penalty. With --pretraining, the loss on that text is mixed in (PPO-ptx; weight
ppo.pretrainingCoefficient, 1 unless set).

  descent ppo runs/sft --reward runs/reward --prompts my-prompts.jsonl --out runs/ppo
  descent ppo runs/sft --reward-function brief.mjs --prompts questions.txt

${aboutRewards}`,
  positional: [modelArgument('supervised')],
  flags: (command) => {
    practiceFlags(command);
    pretrainingFlag(command);
    runFlags(command, 'runs/ppo');
  },
  config: async () => (await import('../stages/settings.js')).ppoCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/practice.js')).ppoCommand(invocation),
});
