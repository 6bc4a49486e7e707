import type { TokenizerEncodeFlags } from '../actions/tokenizer-encode.js';
import { defineCommand } from '../command.js';

export const command = defineCommand<TokenizerEncodeFlags>({
  details: `Prints the token ids of a text, or with --decode the text of ids.

  descent tokenizer encode my-tokenizer "Once upon a time"
  descent tokenizer encode runs/train --file story.txt | descent tokenizer encode runs/train --decode --file -`,
  positional: [
    { name: '<tokenizer>', summary: 'the folder of a tokenizer, a model or a run' },
    { name: '[text]', summary: 'the text, or with --decode the ids' },
  ],
  flags: (command) => {
    command
      .option('--file <file>', 'read the text from a file; - for standard input')
      .option('--decode', 'from ids to text');
  },
  run: async (invocation) => (await import('../actions/tokenizer-encode.js')).encodeText(invocation),
});
