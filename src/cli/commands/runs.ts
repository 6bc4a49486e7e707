import { defineCommand } from '../command.js';

export const command = defineCommand({
  details: `Lists the runs in a folder, the latest first: how far each got, and its best figure.

  descent runs
  descent runs runs/quickstart`,
  positional: [{ name: '[folder]', summary: 'where the runs are (default: runs)' }],
  run: async (invocation) => (await import('../actions/runs.js')).runsCommand(invocation),
});
