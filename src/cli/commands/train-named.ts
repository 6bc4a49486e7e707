import { trainedByName } from '../../formats/text-models.js';
import type { CommandVariants } from '../command.js';
import { variants as images } from './train-images.js';
import { trainText } from './train-text.js';

/** `descent train <name>`: a command for each model of text but the GPT, and for each image model. */
export const variants: CommandVariants = {
  names: async () => [...trainedByName, ...(await images.names())],
  commandFor: (name) => (trainedByName.includes(name) ? trainText(name) : images.commandFor(name)),
};
