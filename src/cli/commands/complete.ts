import type { CompleteFlags } from '../actions/complete.js';
import { defineCommand } from '../command.js';
import {
  denoisingFlags,
  engineFlags,
  imagesArgument,
  modelArgument,
  numberFrom,
  skipBadFlag,
  wholeNumber,
} from '../flags.js';

export const command = defineCommand<CompleteFlags>({
  details: `Keeps the upper part of images and has the model draw the rest: each row of the picture is an image, what was
kept of it, and several completions.

  descent complete runs/pixel-cnn --animate halves.gif
  descent complete runs/gated-pixel-cnn my-pictures/ --keep 0.4 --samples 8 --temperature 0.9 --out halves.png`,
  positional: [modelArgument(), imagesArgument],
  flags: (command) => {
    command
      .option('--keep <share>', 'share of the rows that are kept, from the top', numberFrom(0), 0.5)
      .option('--n <images>', 'how many', wholeNumber(1), 8)
      .option('--samples <n>', 'completions of each', wholeNumber(1), 6)
      .option('--temperature <t>', 'below 1: less varied and more typical', numberFrom(0), 1)
      .option('--seed <n>', 'which completions', wholeNumber(0), 0)
      .option('--out <file>', 'the picture', 'completions.png')
      .option('--animate <file>', 'a GIF as well: completions appear row by row');
    engineFlags(denoisingFlags(skipBadFlag(command)));
  },
  run: async (invocation) => (await import('../actions/complete.js')).completeCommand(invocation),
});
