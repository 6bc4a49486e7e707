import type { ChatFlags } from '../actions/chat.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument, severalTimes } from '../flags.js';
import type { GenerateConfig } from '../sampling-settings.js';

export const command = defineCommand<ChatFlags, GenerateConfig>({
  details: `Talks to a model that was fine-tuned on dialogues. With a message it answers that and ends; questions on
standard input, one a line, are one conversation.

  descent chat runs/quickstart
  descent chat runs/sft "What is the capital of Peru?"

A model that sees is shown images: with --image, or in a conversation with /image seven.png.

  descent chat runs/seeing --image seven.png --image two.png "Which of the two digits is larger?"`,
  positional: [modelArgument(), { name: '[message]', summary: 'one message to answer, instead of a conversation' }],
  flags: (command) => {
    command
      .option('--system <text>', 'a system message before the conversation')
      .option('--image <file>', 'show an image with the first message; may be given several times', severalTimes);
    engineFlags(command);
  },
  config: async () => (await import('../sampling-settings.js')).chatSchema,
  run: async (invocation) => (await import('../actions/chat.js')).chatCommand(invocation),
});
