import type { SftFlags } from '../actions/sft.js';
import { defineCommand, savesAndStops } from '../command.js';
import { runFlags } from '../flags.js';
import type { SftCommandConfig } from '../stages/settings.js';

export const command = defineCommand<SftFlags, SftCommandConfig>({
  details: `Supervised fine-tuning: a language model learns to chat from dialogues. Only what the assistant says is in
the loss. Dialogues may be OpenAI messages, ShareGPT, Alpaca, or prompt and completion rows.

  descent sft runs/train --chats my-chats.jsonl --out runs/sft --epochs 3`,
  positional: [{ name: '<model>', summary: 'the pretrained model, or the run that made it' }],
  flags: (command) => {
    command
      .requiredOption('--chats <paths...>', 'dialogues: JSONL, JSON, CSV or Parquet')
      .option('--pretraining <paths...>', 'text whose loss is mixed in, so that what was learnt before is kept')
      .option('--skip-bad', 'leave bad rows out, and say how many there were');
    runFlags(command, 'runs/sft');
  },
  config: async () => (await import('../stages/settings.js')).sftCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/sft.js')).sftCommand(invocation),
});
