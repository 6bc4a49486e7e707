import type { InterpolateFlags } from '../actions/interpolate.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument, skipBadFlag, wholeNumber } from '../flags.js';

export const command = defineCommand<InterpolateFlags>({
  details: `Draws the way from one image to another through a model's codes, a row for each pair; of a model that has no
codes, from one image of its own to another, through the noise that they are made of. The code of a diffusion model is the
noise that it would draw the image from.

  descent interpolate runs/vae --steps 12
  descent interpolate runs/vae my-pictures/ --animate way.gif
  descent interpolate runs/dcgan --seed 3 --animate walk.gif`,
  positional: [
    modelArgument(),
    { name: '[images]', summary: 'taken two by two (default: those of its training, the test part)' },
  ],
  flags: (command) => {
    command
      .option('--n <rows>', 'how many pairs', wholeNumber(1), 8)
      .option('--steps <n>', 'images of a row, both ends included', wholeNumber(2), 10)
      .option('--seed <n>', 'which images of its own', wholeNumber(0), 0)
      .option('--out <file>', 'the picture', 'interpolations.png')
      .option('--animate <file>', 'a GIF as well: all pairs side by side, moving')
      .option('--denoising-steps <n>', 'of diffusion models: steps from noise to an image', wholeNumber(1));
    engineFlags(skipBadFlag(command));
  },
  run: async (invocation) => (await import('../actions/interpolate.js')).interpolateCommand(invocation),
});
