import type { TrainTextFlags } from '../actions/train-text.js';
import { type CommandDefinition, defineCommand, savesAndStops } from '../command.js';
import { runFlags, textFlags } from '../flags.js';
import type { TrainTextConfig } from '../stages/text-settings.js';

/** `descent train bert` and its like: models of text beside the GPT, with their own settings. */
export const trainText = (name: string): CommandDefinition =>
  defineCommand<TrainTextFlags, TrainTextConfig>({
    details: `Pretrains the model ${name} on text and writes a model folder. Without --tokenizer it makes one of the same text.
Ctrl-C saves; the same command goes on from there.

  descent train ${name} --data my-text/ --out runs/${name} --training.steps 5000
  descent finetune runs/${name} --task brown`,
    positional: [{ name: '<model>', summary: 'the name of the model' }],
    flags: (command) => {
      command
        .requiredOption('--data <paths...>', 'text (files and folders), or one folder that data prepare wrote')
        .option('--tokenizer <folder>', 'a tokenizer that exists, or that of a model');
      runFlags(textFlags(command), `runs/${name}`);
    },
    config: async () => {
      const { findTextModel } = await import('../../formats/text-models.js');
      const { trainTextSchema } = await import('../stages/text-settings.js');
      return trainTextSchema(await findTextModel(name));
    },
    onInterrupt: savesAndStops,
    run: async (invocation) => (await import('../actions/train-text.js')).trainTextCommand(invocation),
  });
