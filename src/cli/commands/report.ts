import { defineCommand } from '../command.js';

export const command = defineCommand({
  details: `Writes the report of a quickstart, or of one training run, again from what lies in its folder: report.html,
report.json, and the same in the terminal.

  descent report runs/quickstart`,
  positional: [{ name: '[run]', summary: 'the folder (default: runs/quickstart)' }],
  run: async (invocation) => (await import('../actions/report.js')).reportCommand(invocation),
});
