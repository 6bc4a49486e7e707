import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.js';
import { CharacterTokenizer } from './character-tokenizer.js';
import { asHuggingFace } from './oracles.test-helper.js';
import { hasSharedData, sharedText } from '../data/fixtures.test-helper.js';
import { awkwardText } from './text.test-helper.js';
import { tokenizerFromJson } from './tokenizer-json-reader.js';

describe('CharacterTokenizer', () => {
  it('numbers characters by code point', () => {
    const tokenizer = CharacterTokenizer.fromText('b𝒳a\n你a');
    expect(tokenizer.vocabSize).toBe(5);
    expect([...tokenizer.encode('\nab你𝒳')]).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives its texts back, and reads and writes as others do', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        fc.pre(text.length > 0);
        const tokenizer = CharacterTokenizer.fromText(text, ['<|end of all|>']);
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(tokenizer.decodeBytes(ids))).toBe(text);
        const read = tokenizerFromJson(JSON.parse(JSON.stringify(tokenizer)));
        expect(read).toBeInstanceOf(CharacterTokenizer);
        expect(read.encode(text)).toEqual(ids);
        expect(asHuggingFace(tokenizer.toJSON()).encode(text)).toEqual([...ids]);
        expect(asHuggingFace(tokenizer.toJSON()).decode(ids)).toBe(text);
      }),
    );
  });

  it('refuses a character it does not have', () => {
    expect(() => CharacterTokenizer.fromText('abc').encode('abd')).toThrow(DataError);
    expect(() => CharacterTokenizer.fromText('abc').encode('abd')).toThrow('"d"');
    expect(() => CharacterTokenizer.fromText('')).toThrow(DataError);
  });

  it('takes control tokens, but no character as one', () => {
    const tokenizer = CharacterTokenizer.fromText('<|x>').withControlTokens(['<|x|>']);
    expect(tokenizer.idOf('<|x|>')).toBe(4);
    expect([...tokenizer.encode('<|x|>')]).toEqual(
      ['<', '|', 'x', '|', '>'].flatMap((each) => [...tokenizer.encode(each)]),
    );
    expect(tokenizer.decode([4, 0], { skipControlTokens: true })).toBe('<');
    expect(() => tokenizer.withControlTokens(['x'])).toThrow(ConfigError);
  });
});

describe.skipIf(!hasSharedData('text-tinyshakespeare'))('on Shakespeare', () => {
  it("has nanoGPT's 65 characters", () => {
    const tokenizer = CharacterTokenizer.fromText(sharedText('text-tinyshakespeare/input.txt.gz'));
    expect(tokenizer.vocabSize).toBe(65);
    // The ids of nanoGPT's data/shakespeare_char/prepare.py: '\n' 0, ' ' 1, 'A' 13, 'a' 39.
    expect([...tokenizer.encode('\n Aaz')]).toEqual([0, 1, 13, 39, 64]);
  });
});
