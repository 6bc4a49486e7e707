import { Option } from 'commander';
import type { QuickstartFlags } from '../actions/quickstart.js';
import { defineCommand, savesAndStops } from '../command.js';
import { engineFlags, wholeNumber } from '../flags.js';
import type { QuickstartConfig, Scale } from '../quickstart/settings.js';

export const command = defineCommand<QuickstartFlags, QuickstartConfig>({
  details: `Trains a small ChatGPT through every stage of InstructGPT: pretraining, supervised fine-tuning, a reward
model from ranked answers, and PPO. On its own it uses the pocket almanac, with data from npm packages, and takes about
three minutes on two cores; in a terminal, the Studio shows it from the beginning. What is finished is kept: a second call goes on where the first one stopped.

  descent quickstart
  descent quickstart --data my-text/ --chats my.jsonl --rankings my-rankings.jsonl --out runs/mine`,
  config: async () => (await import('../quickstart/settings.js')).quickstartSchema,
  flags: (command) => {
    command
      .addOption(
        new Option('--scale <size>', 'size of the job')
          .choices(['small', 'medium', 'large'] satisfies Scale[])
          .default('small'),
      )
      .option('--out <folder>', 'where everything goes', 'runs/quickstart')
      .option('--data <paths...>', 'your own text to pretrain on: files and folders')
      .option('--chats <paths...>', 'your own dialogues: JSONL, JSON, CSV or Parquet')
      .option('--rankings <paths...>', 'your own ranked answers')
      .option('--skip-bad', 'leave bad rows out, and say how many there were')
      .option('--no-chat', 'end with the report instead of a chat')
      .option('--no-studio', 'do not open the Studio, the web page that shows what happens')
      .option('--port <n>', 'where the Studio is; 0 takes a free port', wholeNumber(0), 8080);
    engineFlags(command);
  },
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/quickstart.js')).quickstart(invocation),
});
