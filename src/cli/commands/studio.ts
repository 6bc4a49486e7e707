import type { StudioFlags } from '../actions/studio.js';
import { defineCommand } from '../command.js';
import { servingFlags } from '../flags.js';
import type { ServingSettings } from '../../serving/settings.js';

export const command = defineCommand<StudioFlags, ServingSettings>({
  details: `Opens the Studio, a web page on this machine: runs as they train, chat with one to four models side by side, a
desk where people's judgements become training data and the next model, pictures of every family, and the family tree of
the models. The same server speaks OpenAI's API, as descent serve does.

  descent studio
  descent studio my-runs --port 9000`,
  positional: [{ name: '[runs]', summary: 'the folder of the runs (default: runs)' }],
  flags: (command) => {
    servingFlags(command.option('--open', 'open it in the browser'));
  },
  config: async () => (await import('../../serving/settings.js')).servingSchema,
  onInterrupt: 'Finishing the answers under way; Ctrl-C again to end at once. Runs go on.',
  run: async (invocation) => (await import('../actions/studio.js')).studioCommand(invocation),
});
