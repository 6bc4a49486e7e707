import type { TrainImagesFlags } from '../actions/train-images.js';
import { type CommandVariants, defineCommand, savesAndStops } from '../command.js';
import { imageFlags, runFlags } from '../flags.js';
import type { ImageTrainingConfig } from '../stages/images.js';

/** `descent train <model>`: a command for each image model, with that model's settings. */
export const variants: CommandVariants = {
  names: async () => {
    const { listImageModels } = await import('../../formats/image-models.js');
    return (await listImageModels()).map(({ definition }) => definition.name);
  },
  commandFor: (name) =>
    defineCommand<TrainImagesFlags, ImageTrainingConfig>({
      details: `Trains the image model ${name} and writes a model folder. Ctrl-C saves; the same command goes on from there.

  descent train ${name} --data mnist --out runs/${name}
  descent train ${name} --data my-pictures/ --size 32 --training.steps 5000`,
      positional: [{ name: '<model>', summary: 'the name of the model' }],
      flags: (command) => {
        command.option(
          '--data <source>',
          'mnist, mnist-captions, fashion-mnist, or a path: idx files, a folder of PNG and JPEG (one folder a class), CIFAR-10; also in tar and gzip',
          'mnist',
        );
        command.option('--colours', 'captions also name the colour that most of an image has: "a red heart"');
        runFlags(imageFlags(command), `runs/${name}`);
      },
      config: async () => {
        const { findImageModel } = await import('../../formats/image-models.js');
        const { imageTrainingSchema } = await import('../stages/images.js');
        return imageTrainingSchema(await findImageModel(name));
      },
      onInterrupt: savesAndStops,
      run: async (invocation) => (await import('../actions/train-images.js')).trainImagesCommand(invocation),
    }),
};
