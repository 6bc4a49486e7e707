import type { RewardFlags } from '../actions/reward.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, runFlags, skipBadRowsFlag } from '../flags.js';
import type { RewardCommandConfig } from '../stages/settings.js';

export const command = defineCommand<RewardFlags, RewardCommandConfig>({
  details: `Trains a reward model from the supervised one: a number for an answer, learnt from ranked answers, two to nine
a prompt. Scores are normalised to mean 0 and deviation 1 over good answers, and the share of held-out pairs in the right
order is reported with its standard error.

  descent reward runs/sft --rankings my-rankings.jsonl --out runs/reward`,
  positional: [modelArgument('supervised')],
  flags: (command) => {
    command
      .requiredOption('--rankings <paths...>', 'ranked answers: JSONL, JSON, CSV or Parquet')
      .option(
        '--chats <paths...>',
        'good dialogues whose mean score becomes 0 (default: the best answer of each ranking)',
      );
    skipBadRowsFlag(command);
    runFlags(command, 'runs/reward');
  },
  config: async () => (await import('../stages/settings.js')).rewardCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/reward.js')).rewardCommand(invocation),
});
