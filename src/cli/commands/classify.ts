import type { ClassifyFlags } from '../actions/classify.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument } from '../flags.js';

export const command = defineCommand<ClassifyFlags>({
  details: `Puts texts to a model that learnt a task (descent finetune): the likelihood of every label. Each text is one to classify;
for entailment and similarity give two, for a choice what comes before and then the choices.

  descent classify runs/genres "It was a dark and stormy night." "The council met on Tuesday."
  descent classify runs/rte "A man bought a red car." "A man bought a car."
  descent classify runs/mail --file mails.txt`,
  positional: [modelArgument('fine-tuned'), { name: '[texts...]', summary: 'what to classify' }],
  flags: (command) => {
    command.option(
      '--file <path>',
      'a text on each line, - for standard input; of two texts or more with tabs between',
    );
    engineFlags(command);
  },
  run: async (invocation) => (await import('../actions/classify.js')).classifyCommand(invocation),
});
