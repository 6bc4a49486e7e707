import type { MergeFlags } from '../actions/merge.js';
import { defineCommand } from '../command.js';

export const command = defineCommand<MergeFlags>({
  details: `Merges an adapter into the model that it adapts: the new model says the same, and stands for itself.

  descent sft runs/train --chats my-chats.jsonl --lora 8 --out runs/sft
  descent merge runs/sft --out runs/sft-merged`,
  positional: [{ name: '<adapter>', summary: 'the adapter, or the run that made it' }],
  flags: (command) => {
    command.requiredOption('--out <folder>', "the new model's run folder");
  },
  run: async (invocation) => (await import('../actions/merge.js')).mergeCommand(invocation),
});
