import type { LineageFlags } from '../actions/lineage.js';
import { defineCommand } from '../command.js';
import { modelArgument } from '../flags.js';

export const command = defineCommand<LineageFlags>({
  details: `Prints a model's family tree: the data, the parent, the eye, the reward model it comes from, and theirs. With
--out it is also drawn, as SVG.

  descent lineage runs/quickstart
  descent lineage runs/seeing --out tree.svg`,
  positional: [modelArgument()],
  flags: (command) => {
    command.option('--out <file>', 'draw the tree into this SVG file');
  },
  run: async (invocation) => (await import('../actions/lineage.js')).lineageCommand(invocation),
});
