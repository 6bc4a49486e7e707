import type { SearchFlags } from '../actions/search.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument, wholeNumber } from '../flags.js';

export const command = defineCommand<SearchFlags>({
  details: `Finds the images that fit some words best, with a model that compares images and captions (clip), and lays them out
as a PNG, the best first.

  descent search runs/clip "red heart"
  descent search runs/clip "a slanted seven" my-pictures/ --n 8 --out sevens.png`,
  positional: [
    modelArgument(),
    { name: '<text>', summary: 'what to look for' },
    { name: '[images]', summary: 'among which (default: those of its training, the test part)' },
  ],
  flags: (command) => {
    command
      .option('--n <images>', 'how many', wholeNumber(1), 16)
      .option('--columns <n>', 'images in a row (default: a square)', wholeNumber(1))
      .option('--out <file>', 'the picture', 'found.png');
    engineFlags(command);
  },
  run: async (invocation) => (await import('../actions/search.js')).searchCommand(invocation),
});
