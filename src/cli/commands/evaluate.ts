import type { EvaluateFlags } from '../actions/evaluate.js';
import { defineCommand } from '../command.js';
import { denoisingFlags, engineFlags, skipBadFlag, wholeNumber } from '../flags.js';

export const command = defineCommand<EvaluateFlags>({
  details: `Measures image models by all that they can do: the probability of test images (with its kind), the distance of samples
from test images and what a perfect model would get (the floor), the classes a classifier reads in the samples, reconstructions, and how
images and captions find each other. Several models make a table, which refuses figures that were measured differently.

  descent evaluate runs/vae
  descent evaluate runs/glow runs/maf --samples 5000
  descent evaluate runs/vae --data fashion-mnist --classifier runs/my-classifier --json`,
  positional: [{ name: '<models...>', summary: 'the model, or the run that made it' }],
  flags: (command) => {
    const asked = command
      .option(
        '--data <source>',
        'mnist, mnist-captions, fashion-mnist, or a path of images (default: what the model was trained on)',
      )
      .option(
        '--classifier <model>',
        'a trained classifier to judge samples by (default: one is trained on the labels of the data, and kept)',
      )
      .option(
        '--network <folder>',
        'also judge samples by the detector in this folder (centernet.json and its weights)',
      )
      .option('--samples <n>', 'samples to draw, and images to reconstruct', wholeNumber(4), 2000)
      .option(
        '--draws <n>',
        'for each image, where a likelihood can be estimated closer than its bound',
        wholeNumber(1),
        50,
      )
      .option(
        '--prompt <texts...>',
        'sentences around {} that classes are named in, of a model that compares images and texts (default: "{}" "a {}")',
      )
      .option('--seed <n>', 'of the samples and every other draw', wholeNumber(0), 0)
      .option('--mixed', 'let a table hold figures that were measured differently, and say in every row how');
    engineFlags(denoisingFlags(skipBadFlag(asked)));
  },
  run: async (invocation) => (await import('../actions/evaluate.js')).evaluateCommand(invocation),
});
