import type { EvalFlags } from '../actions/eval.js';
import { defineCommand } from '../command.js';
import { engineFlags, textFlags, wholeNumber, wholeNumbers } from '../flags.js';

export const command = defineCommand<EvalFlags>({
  details: `Measures a model. On text: cross-entropy and perplexity per token, per word, and bits per byte and character,
which models with different tokenizers can be compared by. On dialogues: the same over what the assistant says. A reward
model: the share of ranked pairs that it orders right, with its standard error. --almanac: the exam of the quickstart.

On tasks: a task says where examples are, how one becomes a prompt, and what is right; so many examples stand before each
question (--shots), as many of them as the context holds. Several models and shots make a curve. Results are kept by
content, with every prompt and its scores beside them.

  descent eval runs/train --text held-out.txt
  descent eval runs/reward --rankings held-out.jsonl
  descent eval runs/quickstart --almanac
  descent eval runs/small runs/large --task sst2 --data data --shots 0,1,8 --limit 200 --plot sst2.svg
  descent eval runs/train --task my-task.yaml --show 3
  descent eval --task list`,
  positional: [{ name: '[models...]', summary: 'the model, or the run that made it; several with --task' }],
  flags: (command) => {
    textFlags(
      command
        .option('--text <paths...>', 'text to predict')
        .option('--chats <paths...>', 'dialogues whose answers to predict')
        .option('--rankings <paths...>', 'ranked answers, for a reward model')
        .option('--almanac', "the pocket almanac's exam")
        .option('--questions <n>', 'questions of each kind in the exam', wholeNumber(1), 60)
        .option('--windows <n>', 'measure on at most so many windows of the text (default: all)', wholeNumber(1))
        .option('--stride <n>', 'tokens by which a window of the text moves on (default: a window)', wholeNumber(1))
        .option('--task <names...>', 'tasks that come along (list: which there are), or JSON and YAML files')
        .option('--shots <list>', 'examples before each question, such as 0,1,8', wholeNumbers(0), [0])
        .option('--seed <n>', 'of the questions and examples that are drawn', wholeNumber(0), 1)
        .option('--limit <n>', 'most questions of a task (default: all)', wholeNumber(1))
        .option('--show <n>', 'print the first prompts and what came of them', wholeNumber(0), 0)
        .option('--data <folder>', "the folder that the paths of a task's data begin in")
        .option('--out <folder>', 'where results on tasks are kept', 'runs/evaluations')
        .option('--plot <file>', 'draw the curve over shots, as SVG'),
    );
    engineFlags(command);
  },
  run: async (invocation) => (await import('../actions/eval.js')).evalCommand(invocation),
});
