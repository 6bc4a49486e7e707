import type { PracticeCommandFlags } from '../actions/practice.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, pretrainingFlag, runFlags } from '../flags.js';
import { aboutRewards, practiceFlags } from '../practice-flags.js';
import type { GrpoCommandConfig } from '../stages/settings.js';

export const command = defineCommand<PracticeCommandFlags, GrpoCommandConfig>({
  details: `Reinforcement learning without a value model: several answers to each prompt, each moved up or down by how it
does among the others. --grpo.variant chooses between GRPO, Dr. GRPO and RLOO. Everything else is as in ppo.

  descent grpo runs/sft --reward runs/reward --prompts my-prompts.jsonl --out runs/grpo
  descent grpo runs/sft --reward-function sum --grpo.variant rloo

${aboutRewards}`,
  positional: [modelArgument('supervised')],
  flags: (command) => {
    practiceFlags(command);
    pretrainingFlag(command);
    runFlags(command, 'runs/grpo');
  },
  config: async () => (await import('../stages/settings.js')).grpoCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/practice.js')).grpoCommand(invocation),
});
