import type { DataPrepareFlags } from '../actions/data-prepare.js';
import { defineCommand } from '../command.js';
import { textFlags } from '../flags.js';
import type { SplitConfig } from '../stages/settings.js';

export const command = defineCommand<DataPrepareFlags, SplitConfig>({
  details: `Turns text into token files, split into training and validation, with the tokenizer beside them: a folder
for descent train --data. Texts larger than memory stream.

  descent data prepare my-text/ --tokenizer my-tokenizer --out my-data`,
  positional: [{ name: '<paths...>', summary: 'text: files and folders' }],
  flags: (command) =>
    textFlags(
      command
        .requiredOption('--tokenizer <folder>', 'the tokenizer')
        .option('--out <folder>', 'where the token files go', 'data'),
    ),
  config: async () => (await import('../stages/settings.js')).splitSchema,
  run: async (invocation) => (await import('../actions/data-prepare.js')).prepareData(invocation),
});
