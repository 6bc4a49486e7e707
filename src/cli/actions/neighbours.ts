import { nearSum, readSum, wordVectors } from '../../evaluation/word-vectors.js';
import { loadTextModel } from '../../formats/text-model-folder.js';
import type { Invocation } from '../command.js';
import { findModel } from '../session.js';

export interface NeighboursFlags {
  readonly n: number;
}

export async function neighboursCommand(invocation: Invocation<NeighboursFlags>): Promise<void> {
  const { positional, flags, answer } = invocation;
  const [path, text] = positional as [string, string];
  const sum = readSum(text);
  const { tokenizer, values } = await loadTextModel(findModel(path));
  const near = nearSum(wordVectors(tokenizer, values['tokens.weight']!), sum, flags.n);
  answer({ words: text, near }, near.map(({ word, similarity }) => `  ${similarity.toFixed(3)}  ${word}`).join('\n'));
}
