import type { CompareFlags } from '../actions/compare.js';
import { defineCommand, savesAndStops } from '../command.js';
import { imageFlags, runFlags, wholeNumber } from '../flags.js';

export const command = defineCommand<CompareFlags>({
  details: `Puts families of generative models side by side on one page: how each works, what it draws, its likelihood (with its kind),
the distance of its samples from real images (with what a perfect model would get), its size, the time to train and to
draw, and what it can do. Without models it trains one of each family, for as long each; Ctrl-C saves, and the same
command goes on.

  descent compare --data mnist --minutes 12 --out runs/compare-mnist
  descent compare runs/vae runs/glow runs/ddpm --out runs/three`,
  positional: [{ name: '[models...]', summary: 'trained models, or the runs that made them' }],
  flags: (command) => {
    command
      .option('--data <source>', 'mnist, fashion-mnist, or a path of images', 'mnist')
      .option('--minutes <n>', 'of training each', Number, 10)
      .option('--families <names>', 'only these, e.g. flow,diffusion')
      .option('--samples <n>', 'of each model, to measure', wholeNumber(4), 2000)
      .option('--seed <n>', 'of samples and every other draw', wholeNumber(0), 0);
    runFlags(imageFlags(command), 'runs/compare');
  },
  onInterrupt: savesAndStops,
  run: async (invocation) => (await import('../actions/compare.js')).compareCommand(invocation),
});
