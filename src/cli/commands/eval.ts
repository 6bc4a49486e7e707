import type { EvalFlags } from '../actions/eval.js';
import { defineCommand } from '../command.js';
import { engineFlags, textFlags, wholeNumber } from '../flags.js';

export const command = defineCommand<EvalFlags>({
  details: `Measures a model. On text: cross-entropy in nats per token, perplexity, and bits per byte, which models with
different tokenizers can be compared by. On dialogues: the same over what the assistant says. A reward model: the share of
ranked pairs that it orders right, with its standard error. --almanac: the exam of the quickstart, by kind of question.

  descent eval runs/train --text held-out.txt
  descent eval runs/reward --rankings held-out.jsonl
  descent eval runs/quickstart --almanac`,
  positional: [{ name: '<model>', summary: 'the model, or the run that made it' }],
  flags: (command) => {
    textFlags(
      command
        .option('--text <paths...>', 'text to predict')
        .option('--chats <paths...>', 'dialogues whose answers to predict')
        .option('--rankings <paths...>', 'ranked answers, for a reward model')
        .option('--almanac', "the pocket almanac's exam")
        .option('--questions <n>', 'questions of each kind in the exam', wholeNumber(1), 60)
        .option('--windows <n>', 'measure on at most so many windows of the text (default: all)', wholeNumber(1)),
    );
    engineFlags(command);
  },
  run: async (invocation) => (await import('../actions/eval.js')).evalCommand(invocation),
});
