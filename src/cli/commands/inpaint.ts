import type { InpaintFlags } from '../actions/inpaint.js';
import { defineCommand } from '../command.js';
import { denoisingFlags, engineFlags, imagesArgument, modelArgument, numberFrom, wholeNumber } from '../flags.js';

export const command = defineCommand<InpaintFlags>({
  details: `Has a diffusion model draw a part of images anew: each row of the picture is an image, what was kept of it, and
what the model put in its place, several times.

  descent inpaint runs/ddpm --mask centre
  descent inpaint runs/ddpm my-digits/ --mask hole.png --steps 100 --times 5`,
  positional: [modelArgument(), imagesArgument],
  flags: (command) => {
    command
      .option(
        '--mask <what>',
        'what is drawn anew: upper, lower, left or right half, centre, or a picture that is white there',
        'centre',
      )
      .option('--n <images>', 'how many', wholeNumber(1), 8)
      .option('--samples <n>', 'versions of each', wholeNumber(1), 4)
      .option('--times <n>', 'go each part of the way so often, so that old and new agree better', wholeNumber(1), 1)
      .option('--temperature <t>', 'below 1: less varied and more typical', numberFrom(0), 1)
      .option('--seed <n>', 'which versions', wholeNumber(0), 0)
      .option('--out <file>', 'the picture', 'inpainted.png');
    engineFlags(denoisingFlags(command));
  },
  run: async (invocation) => (await import('../actions/inpaint.js')).inpaintCommand(invocation),
});
