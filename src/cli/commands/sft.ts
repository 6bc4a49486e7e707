import type { SftFlags } from '../actions/sft.js';
import { defineCommand, savesAndStops } from '../command.js';
import { modelArgument, pretrainingFlag, runFlags, skipBadRowsFlag } from '../flags.js';
import type { SftCommandConfig } from '../stages/settings.js';

export const command = defineCommand<SftFlags, SftCommandConfig>({
  details: `Supervised fine-tuning: a language model learns to chat from dialogues. Only what the assistant says is in
the loss. Dialogues may be OpenAI messages, ShareGPT, Alpaca, or prompt and completion rows.

  descent sft runs/train --chats my-chats.jsonl --out runs/sft --epochs 3

Given an image model as its eye, the model learns to answer about images, which messages hold as content parts
({"type": "image_url", "image_url": {"url": "…"}}, or {"type": "image", "path": "…"}): first what lies between eye and
language model, then all of it.

  descent sft runs/train --eye runs/mae --chats shown.jsonl --trains projector --out runs/see
  descent sft runs/see --chats shown.jsonl --out runs/seeing`,
  positional: [modelArgument('pretrained')],
  flags: (command) => {
    command
      .requiredOption('--chats <paths...>', 'dialogues: JSONL, JSON, CSV or Parquet')
      .option(
        '--eye <image model>',
        'give the model an eye: an image model that makes something of the parts of an image',
      );
    pretrainingFlag(command);
    skipBadRowsFlag(command);
    runFlags(command, 'runs/sft');
  },
  config: async () => (await import('../stages/settings.js')).sftCommandSchema,
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/sft.js')).sftCommand(invocation),
});
