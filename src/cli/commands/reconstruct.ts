import type { ReconstructFlags } from '../actions/reconstruct.js';
import { defineCommand } from '../command.js';
import { engineFlags, imagesArgument, modelArgument, skipBadFlag, wholeNumber } from '../flags.js';

export const command = defineCommand<ReconstructFlags>({
  details: `Sends images through a model's code and back: rows of images, and below each what came back. A model that makes damaged
images whole is shown masked or noisy ones: a row of these lies between.

  descent reconstruct runs/vae
  descent reconstruct runs/vae my-pictures/ --n 16 --out back.png`,
  positional: [modelArgument(), imagesArgument],
  flags: (command) => {
    command
      .option('--n <images>', 'how many', wholeNumber(1), 32)
      .option('--out <file>', 'the picture', 'reconstructions.png');
    engineFlags(skipBadFlag(command));
  },
  run: async (invocation) => (await import('../actions/reconstruct.js')).reconstructCommand(invocation),
});
