import { defineCommand } from '../command.js';

export const command = defineCommand({
  details: 'Lists the recipes: published results that descent reproduce measures again.',
  run: async (invocation) => (await import('../actions/recipes.js')).recipesCommand(invocation),
});
