import { FormatError } from '../errors.js';
import { escapeRegExp } from './control-tokens.js';
import { compileSplitPattern, RegexSplitter } from './regex-splitter.js';
import { namedSplitter, SPLIT_PATTERNS } from './split-pattern.js';
import type { SplitPatternName, Splitter } from './split-pattern.js';
import type { JsonObject, JsonValue } from './tokenizer-json.js';

/** What happens to a text before merging. */
export interface PreTokenizer {
  /** Applied in turn: each cuts the pieces of the one before it. None: the text is one piece. */
  splitters: readonly Splitter[];
  /** Put a space before a text that does not begin with one. */
  prefixSpace: boolean;
  normalize?: (text: string) => string;
  /** The `pre_tokenizer` and `normalizer` of a tokenizer.json. */
  json: JsonObject;
  normalizerJson: JsonObject | null;
}

/** The pre-tokenizer of a named pattern. Written as a Split, so that every reader takes `\s` the same way. */
export function namedPreTokenizer(name: SplitPatternName): PreTokenizer {
  return {
    splitters: [namedSplitter(name)],
    prefixSpace: false,
    json: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: SPLIT_PATTERNS[name] }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    normalizerJson: null,
  };
}

/** Patterns of known models that mean the same as one with a scanner. */
const SCANNERS = new Map<string, SplitPatternName>([
  [SPLIT_PATTERNS.gpt2, 'gpt2'],
  [SPLIT_PATTERNS.cl100k, 'cl100k'],
  [
    String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    'cl100k',
  ],
]);

/**
 * Reads the `pre_tokenizer` and `normalizer` of a tokenizer.json: a ByteLevel, alone or after Splits and Digits, and
 * Unicode normalisation. Throws FormatError for anything else.
 */
export function readPreTokenizer(json: JsonObject | null, normalizer: JsonObject | null, where: string): PreTokenizer {
  const stages = json?.type === 'Sequence' ? objects(json.pretokenizers) : json ? [json] : [];
  const byteLevel = stages[stages.length - 1];
  if (!json || byteLevel?.type !== 'ByteLevel') {
    throw unsupported(where, `pre_tokenizer is ${describe(json)}, not one that ends with ByteLevel`);
  }
  const splitters = stages.slice(0, -1).map((stage, index) => {
    return readStage(stage, `${where}: pre_tokenizer.pretokenizers[${index}]`);
  });
  const prefixSpace = byteLevel.add_prefix_space === true;
  if (prefixSpace && splitters.length > 0) {
    throw unsupported(
      where,
      'ByteLevel with add_prefix_space after another pre-tokenizer puts a space before each piece',
    );
  }
  if (byteLevel.use_regex !== false) splitters.push(namedSplitter('gpt2'));
  return { splitters, prefixSpace, json, normalizerJson: normalizer, ...readNormalizer(normalizer, where) };
}

function readStage(stage: JsonObject, where: string): Splitter {
  if (stage.type === 'Digits') {
    return new RegexSplitter(stage.individual_digits === true ? /\p{N}/gu : /\p{N}+/gu);
  }
  if (stage.type !== 'Split') throw unsupported(where, `type ${describe(stage)}`);
  const isIsolated = stage.behavior === 'Isolated' || (stage.behavior === 'Removed' && stage.invert === true);
  if (!isIsolated) {
    throw unsupported(
      where,
      `Split with behavior ${JSON.stringify(stage.behavior)}, invert ${JSON.stringify(stage.invert)}`,
    );
  }
  const pattern = isObject(stage.pattern) ? stage.pattern : {};
  if (typeof pattern.String === 'string') return new RegexSplitter(new RegExp(escapeRegExp(pattern.String), 'gu'));
  if (typeof pattern.Regex !== 'string') throw unsupported(where, 'Split without a pattern');
  const known = SCANNERS.get(pattern.Regex);
  return known ? namedSplitter(known) : new RegexSplitter(compileSplitPattern(pattern.Regex, where));
}

function readNormalizer(json: JsonObject | null, where: string): Pick<PreTokenizer, 'normalize'> {
  if (!json) return {};
  if (json.type === 'Sequence' && objects(json.normalizers).length === 0) return {};
  for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) {
    if (json.type === form) return { normalize: (text) => text.normalize(form) };
  }
  throw unsupported(where, `normalizer is ${describe(json)}`);
}

function unsupported(where: string, what: string): FormatError {
  return new FormatError(`${where}: ${what}, which is not supported.`, {
    advice: 'Byte-level BPE is: GPT-2, RoBERTa, Llama 3, Qwen and their kin.',
  });
}

function describe(json: JsonObject | null): string {
  return json ? JSON.stringify(json.type) : 'null';
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
