import type { NeighboursFlags } from '../actions/neighbours.js';
import { defineCommand } from '../command.js';
import { modelArgument, wholeNumber } from '../flags.js';

export const command = defineCommand<NeighboursFlags>({
  details: `The words whose vectors are nearest to that of a word, or to a sum of words, by the cosine of the angle between them: of
word2vec, or the embedding of another model of text.

  descent neighbours runs/word2vec sea
  descent neighbours runs/word2vec "king - man + woman"`,
  positional: [modelArgument(), { name: '<words>', summary: 'a word, or words with + and - between' }],
  flags: (command) => {
    command.option('--n <words>', 'how many', wholeNumber(1), 10);
  },
  run: async (invocation) => (await import('../actions/neighbours.js')).neighboursCommand(invocation),
});
