import { ConfigError } from '../errors.js';
import type { LoadedModel } from '../formats/model-folder.js';
import { openModel } from './session.js';

/** The supervised model that a stage goes on from. @throws ConfigError when it has not learnt to chat */
export async function openChattingModel(path: string): Promise<LoadedModel & Required<Pick<LoadedModel, 'template'>>> {
  const parent = await openModel(path, 'language-model');
  const { template } = parent;
  if (template !== undefined) return { ...parent, template };
  throw new ConfigError(`${parent.folder} has not learnt to chat`, { advice: 'Fine-tune it first: descent sft.' });
}
