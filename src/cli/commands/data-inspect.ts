import { Option } from 'commander';
import type { DataInspectFlags } from '../actions/data-inspect.js';
import { defineCommand } from '../command.js';
import { textFlags, wholeNumber } from '../flags.js';

export const command = defineCommand<DataInspectFlags>({
  details: `Reads text, chats or rankings to the end: counts, lengths, the first rows, and every bad row with its line.
With a tokenizer, chats are shown as the tokens that a model sees, and those that carry loss stand out: on green, or in
brackets where there are no colours.

  descent data inspect chats.jsonl --tokenizer runs/train
  descent data inspect rankings.jsonl`,
  positional: [{ name: '<paths...>', summary: 'data: files and folders' }],
  flags: (command) =>
    textFlags(
      command
        .option('--tokenizer <folder>', 'count in tokens; the folder of a tokenizer, a model or a run')
        .addOption(
          new Option('--kind <kind>', 'what the rows are (default: told by the first one)').choices([
            'documents',
            'chats',
            'rankings',
          ]),
        )
        .option('--show <n>', 'how many chats to show as tokens', wholeNumber(0), 2),
    ),
  run: async (invocation) => (await import('../actions/data-inspect.js')).inspectDataCommand(invocation),
});
