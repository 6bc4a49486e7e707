import { FormatError } from '../errors.js';
import type { TextModelDefinition } from '../nn/text-model.js';

/** Models of text by name; each is loaded when it is asked for. */
const models = {
  gpt: () => import('../families/autoregressive/gpt-text.js'),
  bert: () => import('../families/autoencoding/bert.js'),
  elmo: () => import('../families/autoregressive/elmo.js'),
  word2vec: () => import('../families/contrastive/word2vec.js'),
} as const;

type TextModelName = keyof typeof models;

const isTextModel = (name: string): name is TextModelName => Object.hasOwn(models, name);

/** Those that `descent train <name>` makes; the GPT is what it makes without a name. */
export const trainedByName: readonly string[] = Object.keys(models).filter((name) => name !== 'gpt');

/** @throws FormatError naming those there are */
export async function findTextModel(name: string): Promise<TextModelDefinition> {
  if (isTextModel(name)) return (await models[name]()).textDefinition;
  throw new FormatError(`There is no model of text named '${name}'`, {
    advice: `There are: ${Object.keys(models).join(', ')}.`,
  });
}
