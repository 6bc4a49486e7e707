import { Option } from 'commander';
import { declaredTasks } from '../../data/tasks/declared.js';
import { taskKinds } from '../../data/tasks/task.js';
import type { FinetuneFlags } from '../actions/finetune.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, runFlags, skipBadRowsFlag } from '../flags.js';
import type { FineTuneConfig } from '../stages/text-settings.js';

export const command = defineCommand<FinetuneFlags, FineTuneConfig>({
  details: `Teaches a pretrained model a task by one linear layer (GPT-1): classification, entailment, similarity or multiple
choice. A GPT or BERT is trained on as a whole, the texts between tokens for start, delimiter and extract; of ELMo and
word2vec the vectors are read as they are. The commonest label and a bag of words are measured beside it.

Tasks: brown (15 genres; comes along), and with --data ${Object.keys(declaredTasks).join(', ')}.
Or rows of your own with the columns text, label, and text2 or choices.

  descent finetune runs/train --task brown --out runs/genres
  descent finetune runs/train --data my-mail.csv --text subject --label folder --out runs/mail
  descent classify runs/genres "It was a dark and stormy night."`,
  positional: [modelArgument('pretrained')],
  flags: (command) => {
    command
      .option('--task <name>', 'a task by name (default: brown, or the rows of --data)')
      .option('--data <paths...>', "rows of one's own; of a task by name the folder that holds the data sets")
      .option('--test <paths...>', 'rows to test on (default: a share of the others)')
      .addOption(new Option('--kind <kind>', "of one's own rows (default: what their columns say)").choices(taskKinds))
      .option('--text <column>', 'the column of the text', 'text')
      .option('--second <column>', 'the column of the second text', 'text2')
      .option('--choices <column>', 'the column of the choices, a JSON array', 'choices')
      .option('--label <column>', 'the column of the label', 'label');
    skipBadRowsFlag(command);
    runFlags(command, 'runs/finetune');
  },
  config: async () => (await import('../stages/text-settings.js')).fineTuneSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/finetune.js')).finetuneCommand(invocation),
});
