import type { SampleFlags } from '../actions/sample.js';
import { defineCommand } from '../command.js';
import { denoisingFlags, engineFlags, modelArgument, numberFrom, wholeNumber } from '../flags.js';

export const command = defineCommand<SampleFlags>({
  details: `Draws images from a model and lays them out as a PNG. The same seed gives the same images, however many.

  descent sample runs/vae --n 64 --out grid.png
  descent sample runs/glow --class 7 --temperature 0.7
  descent sample runs/style-gan --truncation 0.7
  descent sample runs/style-gan --mix 6 --out styles.png
  descent sample runs/ddpm --steps 1000 --sampler ddpm
  descent sample runs/dalle2 --text "a slanted seven" "a bold upright three" --guidance 2
  descent sample runs/ddpm --guidance 3 --strip denoising.gif
  descent sample runs/ddpm my-digits/ --strength 0.6`,
  positional: [
    modelArgument(),
    { name: '[images]', summary: 'to begin from (--strength), or to draw by, of a model that is given an image' },
  ],
  flags: (command) => {
    command
      .option('--n <images>', 'how many', wholeNumber(1), 64)
      .option('--class <name>', 'images of this class, by name or number (default: every class in turn)')
      .option('--text <captions...>', 'images that these captions describe, in turn')
      .option('--temperature <t>', 'below 1: less varied and more typical', numberFrom(0), 1)
      .option('--truncation <psi>', 'of a style-gan: below 1 nearer to its mean image', numberFrom(0))
      .option(
        '--mix <n>',
        'of a style-gan: n x n images, coarse features by row and fine ones by column',
        wholeNumber(1),
      )
      .option('--seed <n>', 'which images', wholeNumber(0), 0)
      .option('--columns <n>', 'images in a row (default: a square)', wholeNumber(1))
      .option('--strength <share>', 'with images: share of the noise they get, 1 for nothing but noise', numberFrom(0))
      .option('--strip <file>', 'of diffusion models: how the images came to be, as PNG or GIF')
      .option('--out <file>', 'the picture', 'samples.png');
    engineFlags(denoisingFlags(command));
  },
  run: async (invocation) => (await import('../actions/sample.js')).sampleCommand(invocation),
});
