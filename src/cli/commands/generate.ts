import type { GenerateFlags } from '../actions/generate.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument, severalTimes, wholeNumber } from '../flags.js';
import type { GenerateConfig } from '../sampling-settings.js';

export const command = defineCommand<GenerateFlags, GenerateConfig>({
  details: `Completes a text; without one, begins a new document. For answers of a chat model: descent chat.

  descent generate runs/train "Once upon a time" --temperature 0.8 --topK 50
  descent generate runs/train --file beginning.txt --samples 3 --json
  descent generate runs/seeing --image seven.png "This is"`,
  positional: [modelArgument(), { name: '[text]', summary: 'the beginning' }],
  flags: (command) => {
    command
      .option('--file <file>', 'read the beginning from a file; - for standard input')
      .option('--image <file>', 'begin with an image; may be given several times', severalTimes)
      .option('--samples <n>', 'how many completions', wholeNumber(1), 1);
    engineFlags(command);
  },
  config: async () => (await import('../sampling-settings.js')).generateSchema,
  run: async (invocation) => (await import('../actions/generate.js')).generateCommand(invocation),
});
