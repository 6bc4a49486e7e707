import type { TokenStore } from '../../data/token-store.js';
import { randomWindows } from '../../data/windows.js';
import type { Gpt } from '../../families/autoregressive/gpt.js';
import { languageModelTerm } from '../../training/language-model.js';
import type { LossTerm } from '../../training/phase.js';
import type { MixConfig } from './settings.js';

/** The loss on pretraining text that a later stage adds to its own; none where no text is given, or its weight is 0. */
export function pretrainingTerm(
  model: Gpt,
  tokens: TokenStore | undefined,
  { pretrainingRows, pretrainingCoefficient, seed }: MixConfig & { readonly seed: number },
): LossTerm[] {
  if (tokens === undefined || pretrainingCoefficient === 0) return [];
  const { contextLength } = model.config;
  const source = randomWindows({ tokens, batchSize: pretrainingRows, contextLength, seed: seed + 1 });
  return [languageModelTerm({ model, source, name: 'pretraining', weight: pretrainingCoefficient })];
}
