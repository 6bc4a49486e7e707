import type { TrainFlags } from '../actions/train.js';
import { defineCommand, savesAndStops } from '../command.js';
import { runFlags, textFlags } from '../flags.js';
import type { TrainCommandConfig } from '../stages/settings.js';

export const command = defineCommand<TrainFlags, TrainCommandConfig>({
  details: `Pretrains a GPT on text and writes a model folder. Without --tokenizer it makes one of the same text.
Ctrl-C saves; the same command goes on from there, and a finished run is not made again.

  descent train --data my-text/ --out runs/mine --model.layers 6 --model.width 192 --training.steps 5000
  descent train --data shakespeare.txt --tokenizer.kind characters --split.splitBy tail
  descent train --data more-text/ --from runs/mine --out runs/mine-2`,
  flags: (command) => {
    command
      .requiredOption('--data <paths...>', 'text (files and folders), or one folder that data prepare wrote')
      .option('--tokenizer <folder>', 'a tokenizer that exists, or that of a model')
      .option('--from <model>', 'go on from this model, with its shape and its tokenizer');
    runFlags(textFlags(command), 'runs/train');
  },
  config: async () => (await import('../stages/settings.js')).trainCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/train.js')).trainCommand(invocation),
});
