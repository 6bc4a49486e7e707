import { defineCommand } from '../command.js';

export const command = defineCommand({
  details: `Prints a model's family tree: the data, the parent, the reward model it comes from, and theirs.

  descent lineage runs/quickstart`,
  positional: [{ name: '<model>', summary: 'the model, or the run that made it' }],
  run: async (invocation) => (await import('../actions/lineage.js')).lineageCommand(invocation),
});
