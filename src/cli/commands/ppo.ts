import type { PpoFlags } from '../actions/ppo.js';
import { defineCommand, savesAndStops } from '../command.js';
import { runFlags } from '../flags.js';
import type { PpoCommandConfig } from '../stages/settings.js';

export const command = defineCommand<PpoFlags, PpoCommandConfig>({
  details: `Reinforcement learning: the supervised model practises on prompts and is moved towards what the reward says,
held near to where it started by a KL penalty. With --pretraining, the loss on that text is mixed in (PPO-ptx; weight
ppo.pretrainingCoefficient, 1 unless set).

  descent ppo runs/sft --reward runs/reward --prompts my-prompts.jsonl --out runs/ppo
  descent ppo runs/sft --reward-function brief.mjs --prompts questions.txt

A reward function is a module whose default export takes [{ messages, answer, finished }, ...] and returns a number for
each, or a promise of them:

  export default (samples) => samples.map(({ answer }) => -answer.length / 100);`,
  positional: [{ name: '<model>', summary: 'the supervised model, or the run that made it' }],
  flags: (command) => {
    command
      .option('--reward <model>', 'a reward model, or the run that made it')
      .option('--reward-function <file>', 'a module that scores answers, instead of a reward model')
      .requiredOption(
        '--prompts <paths...>',
        'prompts: rankings, dialogues (their last answer is dropped), or a text file, one a line',
      )
      .option('--pretraining <paths...>', 'text for the pretraining mix')
      .option('--skip-bad', 'leave bad rows out, and say how many there were');
    runFlags(command, 'runs/ppo');
  },
  config: async () => (await import('../stages/settings.js')).ppoCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/ppo.js')).ppoCommand(invocation),
});
