import type { UpscaleFlags } from '../actions/upscale.js';
import { defineCommand } from '../command.js';
import { engineFlags, modelArgument, numberFrom, pictureFlags, wholeNumber } from '../flags.js';

export const command = defineCommand<UpscaleFlags>({
  details: `Enlarges images with a model that was trained to (sr-flow, super-resolution-gan, guided-diffusion with --model.given small),
several times; all but the second differently each time. Writes a row for each image: the small image, bicubic interpolation,
the model's samples, and the original where there is one. Images of the model's own size are made small first, and are the
originals. --size brings others to either size.

  descent upscale runs/sr-flow photos/ --size 32 --n 4 --out enlarged.png
  descent upscale runs/sr-flow fashion-mnist --temperature 0`,
  positional: [
    modelArgument(),
    { name: '<images>', summary: 'a picture, a folder of them, or a name that descent train takes' },
  ],
  flags: (command) => {
    command
      .option('--temperature <number>', 'scales the noise: 0 for one image in the middle', numberFrom(0), 0.9)
      .option('--seed <n>', 'the same seed gives the same images', wholeNumber(0), 0)
      .option('--n <n>', 'large images for each small one', wholeNumber(1), 4)
      .option('--images <n>', 'enlarge at most so many', wholeNumber(1), 16)
      .option('--out <file>', 'the PNG file to write', 'upscaled.png')
      .option('--animate <file>', 'a GIF as well: from temperature 0 to the one that is given, and back');
    engineFlags(pictureFlags(command));
  },
  run: async (invocation) => (await import('../actions/upscale.js')).upscaleCommand(invocation),
});
