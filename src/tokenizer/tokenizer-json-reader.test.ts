import { Tokenizer as RustTokenizer } from 'tokenizers';
import { get_encoding, type Tiktoken } from 'tiktoken';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { asHuggingFace, SMALL_CORPUS, spellsControl, trainSmall } from './oracles.test-helper.js';
import { hasSharedData, sharedText } from '../data/fixtures.test-helper.js';
import { settledText } from './text.test-helper.js';
import type { Tokenizer } from './tokenizer.js';
import { gpt2Tokenizer, tokenizerFromJson } from './tokenizer-json-reader.js';

const byteLevel = (options: object = {}) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: false,
  ...options,
});
const split = (source: string, options: object = {}) => ({
  type: 'Split',
  pattern: { Regex: source },
  behavior: 'Isolated',
  invert: false,
  ...options,
});
const sequence = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers });

const llama3 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const qwen2 = llama3.replace('{1,3}', '');
const o200k = [
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
  String.raw`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
].join('|');
const deepSeek = String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** Ways in which models known to the world cut text. */
const preTokenizers: Record<string, object> = {
  'GPT-2': byteLevel({ use_regex: true }),
  RoBERTa: byteLevel({ use_regex: true, add_prefix_space: true }),
  'Llama 3': sequence(split(llama3), byteLevel()),
  'Llama 3, converted': sequence(split(llama3, { behavior: 'Removed', invert: true }), byteLevel()),
  'Qwen 2': sequence(split(qwen2), byteLevel()),
  'GPT-4o': sequence(split(o200k), byteLevel()),
  DeepSeek: sequence(split(String.raw`\p{N}{1,3}`), split('[一-龥぀-ゟ゠-ヿ]+'), split(deepSeek), byteLevel()),
  SmolLM: sequence({ type: 'Digits', individual_digits: true }, byteLevel({ use_regex: true })),
  'no pattern at all': byteLevel(),
};

describe('a tokenizer.json as other models have it', async () => {
  const base = (await trainSmall()).toJSON();

  it.each(Object.entries(preTokenizers))('encodes like the Rust library: %s', async (_name, preTokenizer) => {
    const json = { ...base, pre_tokenizer: preTokenizer };
    const tokenizer = tokenizerFromJson(json);
    const rust = RustTokenizer.fromString(JSON.stringify(json));
    await fc.assert(
      fc.asyncProperty(settledText, async (text) => {
        fc.pre(text.length > 0 && !spellsControl(tokenizer, text));
        const encoding = await rust.encode(text, null, { addSpecialTokens: false });
        expect([...tokenizer.encode(text)]).toEqual(encoding.getIds());
      }),
      { numRuns: 200 },
    );
    expect(tokenizerFromJson(tokenizer.toJSON()).toJSON()).toEqual(tokenizer.toJSON());
  });

  it('looks whole pieces up first when merges are to be ignored', () => {
    const model = { ...base.model, ignore_merges: true, merges: base.model.merges.slice(0, 20) };
    const json = { ...base, model };
    const tokenizer = tokenizerFromJson(json);
    const oracle = asHuggingFace(json);
    for (const text of SMALL_CORPUS) expect([...tokenizer.encode(text)]).toEqual(oracle.encode(text));
  });

  it('normalises to NFC when the file says so', () => {
    const tokenizer = tokenizerFromJson({ ...base, normalizer: { type: 'NFC' } });
    expect(tokenizer.encode('cafe\u0301')).toEqual(tokenizer.encode('café'));
  });

  it('reads merges written as pairs', () => {
    const merges = base.model.merges.map((merge) => merge.split(' '));
    expect(tokenizerFromJson({ ...base, model: { ...base.model, merges } }).toJSON()).toEqual(base);
  });

  it('takes added tokens that are not special from the text, special ones not', () => {
    const added_tokens = [
      { id: 420, content: '<tool>', special: false },
      { id: 421, content: '</s>', special: true },
      { id: 422, content: '<|im_end|>', special: false },
    ];
    const tokenizer = tokenizerFromJson({ ...base, added_tokens });
    expect([...tokenizer.controlTokens.keys()]).toEqual(['</s>', '<|im_end|>']);
    const ids = [...tokenizer.encode('a<tool>b</s><|im_end|>')];
    expect(ids).toContain(420);
    expect(ids).not.toContain(421);
    expect(ids).not.toContain(422);
    expect(tokenizer.decode(ids)).toBe('a<tool>b</s><|im_end|>');
  });

  it('does not let a merge make a control token', () => {
    const [left = '', right = ''] = base.model.merges[0]?.split(' ') ?? [];
    const added_tokens = [{ id: base.model.vocab[left + right] ?? -1, content: left + right, special: true }];
    const tokenizer = tokenizerFromJson({ ...base, added_tokens });
    expect([...tokenizer.encode(left + right)]).toEqual([base.model.vocab[left], base.model.vocab[right]]);
  });

  it.each([
    ['WordPiece', { model: { type: 'WordPiece', vocab: {} } }, 'model.type is "WordPiece"'],
    ['Unigram', { model: { type: 'Unigram', vocab: [['a', -1]] } }, 'model.type is "Unigram"'],
    ['SentencePiece BPE', { model: { ...base.model, byte_fallback: true } }, 'byte_fallback'],
    ['CLIP', { model: { ...base.model, end_of_word_suffix: '</w>' } }, 'end_of_word_suffix'],
    ['a Metaspace pre-tokenizer', { pre_tokenizer: { type: 'Metaspace' } }, 'pre_tokenizer is "Metaspace"'],
    ['a Split that removes', { pre_tokenizer: sequence(split(' ', { behavior: 'Removed' }), byteLevel()) }, 'Removed'],
    ['a strange regex', { pre_tokenizer: sequence(split(String.raw`\p{L}++|\h`), byteLevel()) }, 'possessive'],
    ['a lowercasing normalizer', { normalizer: { type: 'Lowercase' } }, 'normalizer is "Lowercase"'],
    ['merges of another vocabulary', { model: { ...base.model, merges: ['q zz'] } }, 'merge 1 (q zz)'],
    ['a damaged vocabulary', { model: { ...base.model, vocab: { a: 'b' } } }, 'model.vocab'],
    ['missing bytes', { model: { ...base.model, vocab: { a: 0 }, merges: [] } }, 'no token for byte'],
  ])('refuses %s, and says why', (_name, change, message) => {
    const read = () => tokenizerFromJson({ ...base, ...change }, { where: 'models/x/tokenizer.json' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it('refuses what is no tokenizer.json', () => {
    for (const json of [null, 3, [], {}, { model: 1 }]) expect(() => tokenizerFromJson(json)).toThrow(FormatError);
  });
});

describe.skipIf(!hasSharedData('tok-gpt2'))("GPT-2's own vocabulary", () => {
  let tokenizer: Tokenizer;
  let tiktoken: Tiktoken;
  beforeAll(() => {
    const encoder = sharedText('tok-gpt2/encoder.json.gz');
    tokenizer = gpt2Tokenizer({ encoder, merges: sharedText('tok-gpt2/vocab.bpe.gz') });
    tiktoken = get_encoding('gpt2');
  });
  afterAll(() => {
    tiktoken.free();
  });

  it('encodes as tiktoken does, and gives the text back', () => {
    expect(tokenizer.vocabSize).toBe(50_257);
    expect(tokenizer.idOf('<|endoftext|>')).toBe(50_256);
    expect([...tokenizer.encode('Hello world')]).toEqual([15496, 995]);
    fc.assert(
      fc.property(settledText, (text) => {
        const ids = tokenizer.encode(text);
        expect([...ids]).toEqual([...tiktoken.encode_ordinary(text)]);
        expect(tokenizer.decode(ids)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!hasSharedData('text-classic-children'))('also on a megabyte of a book', () => {
    const text = sharedText('text-classic-children/heldout.txt.gz');
    expect(Buffer.from(tokenizer.encode(text).buffer).equals(Buffer.from(tiktoken.encode_ordinary(text).buffer))).toBe(
      true,
    );
  });

  it('survives writing and reading as tokenizer.json', () => {
    const read = tokenizerFromJson(JSON.parse(JSON.stringify(tokenizer)));
    const text = SMALL_CORPUS.join(' ');
    expect(read.encode(text)).toEqual(tokenizer.encode(text));
    expect(asHuggingFace(tokenizer.toJSON()).encode(text)).toEqual([...tokenizer.encode(text)]);
  });

  it('refuses files that do not belong together', () => {
    expect(() => gpt2Tokenizer({ encoder: '{"a": 0}', merges: 'q zz' })).toThrow(FormatError);
    expect(() => gpt2Tokenizer({ encoder: '{', merges: '' })).toThrow('encoder.json is not valid JSON');
  });
});
