import type { PreferenceFlags } from '../actions/preference.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, pretrainingFlag, runFlags, skipBadRowsFlag } from '../flags.js';
import type { KtoCommandConfig } from '../stages/settings.js';

export const command = defineCommand<PreferenceFlags, KtoCommandConfig>({
  details: `Learns from thumbs up and down (Kahneman-Tversky optimization): every answer is judged by itself, and needs no
other one to be compared with. Rankings are taken too: an answer is liked for each one that it beats, and disliked for
each one that beats it.

  descent kto runs/sft --votes my-votes.jsonl --out runs/kto

A vote is {"prompt": "…", "answer": "…", "label": true}, or {"messages": […], "label": false} with the answer as the last
message.`,
  positional: [modelArgument('supervised')],
  flags: (command) => {
    command
      .option('--votes <paths...>', 'answers with a label: JSONL, JSON, CSV or Parquet')
      .option('--rankings <paths...>', 'ranked answers');
    pretrainingFlag(command);
    skipBadRowsFlag(command);
    runFlags(command, 'runs/kto');
  },
  config: async () => (await import('../stages/settings.js')).ktoCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/preference.js')).ktoCommand(invocation),
});
