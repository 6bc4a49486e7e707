import type { TokenizerInspectFlags } from '../actions/tokenizer-inspect.js';
import { defineCommand } from '../command.js';

export const command = defineCommand<TokenizerInspectFlags>({
  details: `Without a text: what is in the vocabulary. With one: the tokens it becomes, each in a colour of its own.

  descent tokenizer inspect my-tokenizer
  descent tokenizer inspect my-tokenizer "Once upon a time"`,
  positional: [
    { name: '<tokenizer>', summary: 'the folder of a tokenizer, a model or a run' },
    { name: '[text]', summary: 'a text to take apart' },
  ],
  flags: (command) => {
    command.option('--file <file>', 'read the text from a file; - for standard input');
  },
  run: async (invocation) => (await import('../actions/tokenizer-inspect.js')).inspectTokenizer(invocation),
});
