import { spellBytes } from './byte-alphabet.js';
import type { Merge } from './merges.js';
import type { PreTokenizer } from './pre-tokenizer.js';
import { addedTokenJson, bpeModelJson } from './tokenizer-json.js';
import type { JsonObject, TokenizerJson } from './tokenizer-json.js';

/** Everything that makes one byte-level tokenizer different from another. */
export interface ByteLevelParts {
  /** The bytes of each id; undefined where an id is not used, or is a control or added token's alone. */
  tokens: readonly (Uint8Array | undefined)[];
  /** In order of rank. */
  merges: readonly Merge[];
  preTokenizer: PreTokenizer;
  controlTokens: ReadonlyMap<string, number>;
  /** Tokens that a text may spell, found before it is split: those with `special: false` in a tokenizer.json. */
  addedTokens?: ReadonlyMap<string, number>;
  /** Look a whole piece up before merging (Llama 3). */
  ignoreMerges?: boolean;
  /** The post-processor of a tokenizer.json: kept for writing it again, not applied. */
  postProcessor?: JsonObject | null;
}

/** The tokenizer.json of a byte-level tokenizer. */
export function byteLevelJson(parts: ByteLevelParts): TokenizerJson {
  const spelling = parts.tokens.map((bytes) => (bytes ? spellBytes(bytes) : ''));
  const vocab = spelling.map((token, id): [string, number] => [token, id]).filter(([, id]) => parts.tokens[id]);
  const added = [
    ...[...parts.controlTokens].map(([name, id]) => addedTokenJson(name, id, true)),
    ...[...(parts.addedTokens ?? [])].map(([name, id]) => addedTokenJson(name, id, false)),
  ];
  const { prefixSpace } = parts.preTokenizer;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.sort((a, b) => a.id - b.id),
    normalizer: parts.preTokenizer.normalizerJson,
    pre_tokenizer: parts.preTokenizer.json,
    post_processor: parts.postProcessor ?? null,
    decoder: { type: 'ByteLevel', add_prefix_space: prefixSpace, trim_offsets: true, use_regex: true },
    model: bpeModelJson(
      Object.fromEntries(vocab),
      parts.merges.map(({ left, right }) => `${spelling[left] ?? ''} ${spelling[right] ?? ''}`),
      parts.ignoreMerges,
    ),
  };
}
