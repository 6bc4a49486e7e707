import { Option } from 'commander';
import type { ReproduceFlags } from '../actions/reproduce.js';
import { defineCommand, savesAndStops } from '../command.js';
import { engineFlags } from '../flags.js';

export const command = defineCommand<ReproduceFlags>({
  details: `Runs a recipe and prints what it measured beside the published target. The exit code is 1 where a figure
misses its target, but at the scale smoke, which only shows that the recipe runs.

  descent reproduce nanogpt-shakespeare-cpu --data shakespeare.txt
  descent reproduce almanac --scale smoke --json`,
  positional: [{ name: '<recipe>', summary: 'one of descent recipes' }],
  flags: (command) => {
    command
      .addOption(new Option('--scale <scale>', 'how large').choices(['smoke', 'cpu', 'gpu']).default('cpu'))
      .option('--data <path>', 'data that the recipe needs and does not bring along')
      .option(
        '--out <folder>',
        'where its runs go; an interrupted one goes on (default: runs/recipes/<recipe>.<scale>)',
      )
      .option('--save', 'write the result to results/<recipe>.<scale>.json');
    engineFlags(command);
  },
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/reproduce.js')).reproduceCommand(invocation),
});
