import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../errors.js';
import { type TokenizerFolder, loadTokenizer } from '../tokenizer/tokenizer-folder.js';

/** The tokenizer that a path leads to: a tokenizer's folder, a model's, a run's, or a quickstart's. */
export function openTokenizer(path: string): Promise<TokenizerFolder> {
  if (!existsSync(path)) {
    throw new FormatError(`There is no folder ${path}`, {
      advice: 'Give the folder of a tokenizer, a model or a run; descent tokenizer train makes a tokenizer.',
    });
  }
  const inside = ['', 'model', 'tokenizer'].map((name) => join(path, name));
  return loadTokenizer(inside.find((folder) => existsSync(join(folder, 'tokenizer.json'))) ?? path);
}
