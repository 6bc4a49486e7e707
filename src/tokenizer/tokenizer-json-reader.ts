import { z } from 'zod';
import { FormatError } from '../errors.js';
import { unspellBytes } from './byte-alphabet.js';
import { ByteLevelTokenizer } from './byte-level-tokenizer.js';
import { CharacterTokenizer } from './character-tokenizer.js';
import type { Merge } from './merges.js';
import { namedPreTokenizer, readPreTokenizer } from './pre-tokenizer.js';
import type { JsonObject } from './tokenizer-json.js';
import type { Tokenizer } from './tokenizer.js';

const jsonObject = z
  .record(z.string(), z.json())
  .nullish()
  .transform((value): JsonObject | null => value ?? null);

/** Checked by hand: the object is used as it is, also a token named `__proto__`. */
const vocabulary = z.custom<Readonly<Record<string, number>>>(
  (value) => typeof value === 'object' && value !== null && Object.values(value).every(isId),
  'must be an object of tokens and their ids',
);

function isId(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

const schema = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({ id: z.int().nonnegative(), content: z.string().min(1), special: z.boolean().default(false) }),
    )
    .default([]),
  normalizer: jsonObject,
  pre_tokenizer: jsonObject,
  post_processor: jsonObject,
  decoder: jsonObject,
  model: z.looseObject({
    vocab: vocabulary,
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    byte_fallback: z.boolean().nullish(),
    ignore_merges: z.boolean().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    end_of_word_suffix: z.string().nullish(),
  }),
});

/**
 * A tokenizer from the content of a tokenizer.json: byte-level BPE, or Descent's characters. Its post-processor, which
 * puts tokens such as `<|begin_of_text|>` around a text, is kept but not applied: a chat template does that.
 *
 * Added tokens with `special: true`, and those spelled `<|…|>`, are control tokens and never come from a text.
 *
 * Throws FormatError for another kind of tokenizer, saying which.
 */
export function tokenizerFromJson(json: unknown, options: { where?: string } = {}): Tokenizer {
  const where = options.where ?? 'tokenizer.json';
  checkKind(json, where);
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FormatError(`${where}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`, {
      advice: 'The file is damaged, or not a tokenizer.json.',
    });
  }
  const { model, decoder, added_tokens: added, pre_tokenizer: preTokenizer } = parsed.data;
  const isControl = (token: { special: boolean; content: string }) =>
    token.special || /^<\|.+\|>$/u.test(token.content);
  const controlTokens = new Map(added.filter(isControl).map(({ content, id }) => [content, id]));
  const addedTokens = new Map(added.filter((token) => !isControl(token)).map(({ content, id }) => [content, id]));
  if (preTokenizer === null && decoder?.type === 'Fuse' && model.merges.length === 0) {
    return new CharacterTokenizer({ characters: model.vocab, controlTokens });
  }
  for (const key of ['byte_fallback', 'continuing_subword_prefix', 'end_of_word_suffix'] as const) {
    if (model[key]) throw notByteLevel(where, `model.${key} is ${JSON.stringify(model[key])}`);
  }
  if (!JSON.stringify(decoder).includes('"ByteLevel"')) {
    throw notByteLevel(where, `decoder is ${JSON.stringify(decoder?.type ?? null)}`);
  }
  return new ByteLevelTokenizer({
    ...readVocabulary(model.vocab, model.merges, new Set(added.map(({ id }) => id)), where),
    preTokenizer: readPreTokenizer(preTokenizer, parsed.data.normalizer, where),
    controlTokens,
    addedTokens,
    ignoreMerges: model.ignore_merges ?? false,
    postProcessor: parsed.data.post_processor,
  });
}

export interface Gpt2Files {
  /** The content of encoder.json (also named vocab.json). */
  encoder: string;
  /** The content of vocab.bpe (also named merges.txt). */
  merges: string;
  /** Which entries are control tokens. Default `<|endoftext|>`. */
  controlTokens?: readonly string[];
}

/** GPT-2's tokenizer, or one stored the same way. Throws FormatError when the two files do not fit each other. */
export function gpt2Tokenizer({ encoder, merges, controlTokens = ['<|endoftext|>'] }: Gpt2Files): ByteLevelTokenizer {
  const vocab = vocabulary.safeParse(parseJson(encoder, 'encoder.json'));
  if (!vocab.success) throw new FormatError('encoder.json is not an object of tokens and ids.');
  const lines = merges.split('\n').filter((line) => line.length > 0 && !line.startsWith('#version'));
  const controls = controlTokens.flatMap((name): [string, number][] => {
    const id = vocab.data[name];
    return id === undefined ? [] : [[name, id]];
  });
  return new ByteLevelTokenizer({
    ...readVocabulary(vocab.data, lines, new Set(controls.map(([, id]) => id)), 'vocab.bpe'),
    preTokenizer: namedPreTokenizer('gpt2'),
    controlTokens: new Map(controls),
  });
}

/** JSON.parse with a FormatError that names the file. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${where} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function checkKind(json: unknown, where: string): void {
  const kind = z.looseObject({ model: z.looseObject({ type: z.string().nullish() }) }).safeParse(json);
  if (!kind.success) throw new FormatError(`${where} has no model: it is not a tokenizer.json.`);
  const { type } = kind.data.model;
  if (type && type !== 'BPE') throw notByteLevel(where, `model.type is ${JSON.stringify(type)}`);
}

function notByteLevel(where: string, what: string): FormatError {
  return new FormatError(`${where}: ${what}, so this is not a byte-level BPE tokenizer.`, {
    advice: 'Only byte-level BPE can be loaded: GPT-2, RoBERTa, Llama 3, Qwen and their kin.',
  });
}

/** Tokens by id, and merges by ids. */
function readVocabulary(
  vocab: Readonly<Record<string, number>>,
  merges: readonly (string | [string, string])[],
  addedIds: ReadonlySet<number>,
  where: string,
): { tokens: (Uint8Array | undefined)[]; merges: Merge[] } {
  const ids = new Map(Object.entries(vocab));
  const tokens = new Array<Uint8Array | undefined>(1 + [...ids.values()].reduce((most, id) => Math.max(most, id), -1));
  tokens.fill(undefined);
  for (const [spelling, id] of ids) {
    const bytes = unspellBytes(spelling);
    if (tokens[id])
      throw new FormatError(`${where}: two tokens have the id ${id}, one of them ${JSON.stringify(spelling)}.`);
    if (!bytes && !addedIds.has(id)) {
      throw notByteLevel(where, `token ${id}, ${JSON.stringify(spelling)}, is not spelled in the byte alphabet`);
    }
    tokens[id] = bytes;
  }
  return { tokens, merges: merges.map((merge, rank) => readMerge(merge, rank, ids, where)) };
}

function readMerge(
  merge: string | [string, string],
  rank: number,
  ids: ReadonlyMap<string, number>,
  where: string,
): Merge {
  const [first = '', second = ''] = typeof merge === 'string' ? merge.split(' ', 2) : merge;
  const [left, right, merged] = [first, second, first + second].map((spelling) => ids.get(spelling));
  if (left === undefined || right === undefined || merged === undefined) {
    throw new FormatError(`${where}: merge ${rank + 1} (${first} ${second}) names a token that the vocabulary lacks.`, {
      advice: 'The vocabulary and the merges do not belong together.',
    });
  }
  return { left, right, merged };
}
