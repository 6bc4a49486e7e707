import type { SampledToken } from '../../sampling/sequence.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { utf8Decoder } from '../../tokenizer/utf8.js';

/** Log-probabilities in the two forms that clients read: of a chat, and the older one of completions. */

const spelt = (tokenizer: Tokenizer, id: number): { token: string; bytes: number[] } => {
  const bytes = tokenizer.bytesOf(id);
  return { token: utf8Decoder().decode(bytes), bytes: [...bytes] };
};

/** Of the model's own distribution, at temperature 1. */
export const chatLogProb = (tokenizer: Tokenizer, { id, modelLogProb, alternatives = [] }: SampledToken) => ({
  ...spelt(tokenizer, id),
  logprob: modelLogProb,
  top_logprobs: alternatives.map((other) => ({ ...spelt(tokenizer, other.id), logprob: other.logProb })),
});

export interface LegacyLogProbs {
  readonly tokens: string[];
  readonly token_logprobs: (number | null)[];
  readonly top_logprobs: (Record<string, number> | null)[];
  /** Where each token begins in the text, in characters. */
  readonly text_offset: number[];
}

/** A token of a text, or of a prompt, whose first has no probability. */
export interface ScoredToken {
  readonly id: number;
  readonly modelLogProb?: number;
  readonly alternatives?: SampledToken['alternatives'];
}

/** @param offset where the first token begins */
export function legacyLogProbs(tokenizer: Tokenizer, tokens: readonly ScoredToken[], offset: number): LegacyLogProbs {
  const result: LegacyLogProbs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
  let at = offset;
  for (const { id, modelLogProb, alternatives } of tokens) {
    const { token } = spelt(tokenizer, id);
    result.tokens.push(token);
    result.token_logprobs.push(modelLogProb ?? null);
    const top = alternatives?.map((other) => [spelt(tokenizer, other.id).token, other.logProb] as const);
    result.top_logprobs.push(top === undefined || modelLogProb === undefined ? null : Object.fromEntries(top));
    result.text_offset.push(at);
    at += token.length;
  }
  return result;
}
