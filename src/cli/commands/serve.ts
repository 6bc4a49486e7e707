import type { ServeFlags } from '../actions/serve.js';
import { defineCommand } from '../command.js';
import { engineFlags, wholeNumber } from '../flags.js';
import type { ServingSettings } from '../../serving/settings.js';

const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

export const command = defineCommand<ServeFlags, ServingSettings>({
  details: `Serves models to anything that speaks OpenAI's API: chat, completions, embeddings, images.

  descent serve runs
  descent serve runs/quickstart digits=runs/vae --port 9000

A model is loaded when it is first asked for, by its name: that of its run, or its path within the folder given. Only this
machine can reach the server; for others give --host 0.0.0.0 and a key, one a line in a --key-file or in DESCENT_API_KEY.`,
  positional: [{ name: '[models...]', summary: 'models, runs, or folders of them, also as name=path (default: runs)' }],
  flags: (command) => {
    command
      .option('--host <address>', 'where to listen', '127.0.0.1')
      .option('--port <n>', 'on which port; 0 takes a free one', wholeNumber(0), 8080)
      .option('--key-file <file>', 'API keys, one a line')
      .option('--allow-host <name>', 'a name under which the server may be addressed (repeatable)', collect)
      .option(
        '--allow-origin <origin>',
        'a site whose pages may use it, as http://localhost:5173 (repeatable)',
        collect,
      )
      .option('--log <file>', 'where requests are logged, as JSON lines; none: nowhere (default: standard error)')
      .option('--log-text', 'log also what is asked and answered');
    engineFlags(command);
  },
  config: async () => (await import('../../serving/settings.js')).servingSchema,
  onInterrupt: 'Finishing the answers under way; Ctrl-C again to end at once.',
  run: async (invocation) => (await import('../actions/serve.js')).serveCommand(invocation),
});
