import type { PreferenceFlags } from '../actions/preference.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, pretrainingFlag, runFlags, skipBadRowsFlag } from '../flags.js';
import type { DpoCommandConfig } from '../stages/settings.js';

export const command = defineCommand<PreferenceFlags, DpoCommandConfig>({
  details: `Direct preference optimization: a chat model learns from ranked answers, two to nine a prompt, without a reward
model and without sampling. --loss ipo takes IPO's loss instead.

  descent dpo runs/sft --rankings my-rankings.jsonl --out runs/dpo
  descent dpo runs/sft --rankings my-rankings.jsonl --lora 8`,
  positional: [modelArgument('supervised')],
  flags: (command) => {
    command.requiredOption('--rankings <paths...>', 'ranked answers: JSONL, JSON, CSV or Parquet');
    pretrainingFlag(command);
    skipBadRowsFlag(command);
    runFlags(command, 'runs/dpo');
  },
  config: async () => (await import('../stages/settings.js')).dpoCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/preference.js')).dpoCommand(invocation),
});
