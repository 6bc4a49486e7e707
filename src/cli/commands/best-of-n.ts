import type { BestOfNFlags } from '../actions/best-of-n.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument, numberFrom, wholeNumber } from '../flags.js';
import { aboutRewards, practiceFlags } from '../practice-flags.js';
import type { GenerateConfig } from '../sampling-settings.js';

export const command = defineCommand<BestOfNFlags, GenerateConfig>({
  details: `Samples n answers to each prompt and writes down the best one as a dialogue. To fine-tune on these is the simplest
way to learn from a reward (rejection sampling):

  descent best-of-n runs/sft --reward runs/reward --prompts my-prompts.jsonl --n 16 --out best.jsonl
  descent sft runs/sft --chats best.jsonl --out runs/sft-2

${aboutRewards}`,
  positional: [modelArgument('supervised')],
  flags: (command) => {
    practiceFlags(command)
      .option('--n <count>', 'answers to choose from', wholeNumber(1), 16)
      .option('--minimum <score>', 'leave a prompt out when its best answer scores less', numberFrom(-Infinity))
      .option('--out <file>', 'dialogues, one a line', 'best.jsonl');
    engineFlags(command);
  },
  config: async () => (await import('../sampling-settings.js')).generateSchema,
  run: async (invocation) => (await import('../actions/best-of-n.js')).bestOfNCommand(invocation),
});
