import { defineCommand } from '../command.js';
import { type ServingFlags, servingFlags } from '../flags.js';
import type { ServingSettings } from '../../serving/settings.js';

export const command = defineCommand<ServingFlags, ServingSettings>({
  details: `Serves models to anything that speaks OpenAI's API: chat, completions, embeddings, images.

  descent serve runs
  descent serve runs/quickstart digits=runs/vae --port 9000

A model is loaded when it is first asked for, by its name: that of its run, or its path within the folder given. Only this
machine can reach the server; for others give --host 0.0.0.0 and a key, one a line in a --key-file or in DESCENT_API_KEY.`,
  positional: [{ name: '[models...]', summary: 'models, runs, or folders of them, also as name=path (default: runs)' }],
  flags: (command) => {
    servingFlags(command);
  },
  config: async () => (await import('../../serving/settings.js')).servingSchema,
  onInterrupt: 'Finishing the answers under way; Ctrl-C again to end at once.',
  run: async (invocation) => (await import('../actions/serve.js')).serveCommand(invocation),
});
