import type { TokenizerTrainFlags } from '../actions/tokenizer-train.js';
import { defineCommand } from '../command.js';
import { textFlags } from '../flags.js';
import type { TokenizerConfig } from '../stages/settings.js';

export const command = defineCommand<TokenizerTrainFlags, TokenizerConfig>({
  details: `Makes a tokenizer from text and writes it as tokenizer.json, which other libraries read too.

  descent tokenizer train my-text/ --out my-tokenizer --vocabularySize 8192
  descent tokenizer train chats.txt --kind characters`,
  positional: [
    { name: '<paths...>', summary: 'text: files and folders (.txt, .md, .jsonl, .csv, .parquet, each also .gz)' },
  ],
  flags: (command) => textFlags(command.option('--out <folder>', 'where the tokenizer goes', 'tokenizer')),
  config: async () => (await import('../stages/settings.js')).tokenizerSchema,
  run: async (invocation) => (await import('../actions/tokenizer-train.js')).trainTokenizerCommand(invocation),
});
