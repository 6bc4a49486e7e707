import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSplitPattern, RegexSplitter } from './regex-splitter.js';
import { namedSplitter, SPLIT_PATTERNS, splitText } from './split-pattern.js';
import { awkwardText } from './text.test-helper.js';

describe.each(['gpt2', 'cl100k'] as const)('the %s scanner', (name) => {
  const scanner = namedSplitter(name);
  const regex = new RegexSplitter(compileSplitPattern(SPLIT_PATTERNS[name], name));

  it('cuts as its regular expression does', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        expect(splitText(scanner, text)).toEqual(splitText(regex, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        expect(splitText(scanner, text).join('')).toBe(text);
      }),
    );
  });
});

describe('the patterns', () => {
  it('cut English as GPT-2 does', () => {
    expect(splitText(namedSplitter('gpt2'), "I'll pay  $12345\n\n now, SHE'LL not")).toEqual([
      ...['I', "'ll", ' pay', ' ', ' $', '12345', '\n\n', ' now', ',', ' SHE', "'", 'LL', ' not'],
    ]);
  });

  it('cut English as cl100k does', () => {
    expect(splitText(namedSplitter('cl100k'), "I'll pay  $12345\n\n now, SHE'LL not")).toEqual([
      ...['I', "'ll", ' pay', ' ', ' $', '123', '45', '\n\n', ' now', ',', ' SHE', "'LL", ' not'],
    ]);
  });

  it("take Unicode's white space, not JavaScript's", () => {
    const text = 'a\ufeff b\u0085 c';
    expect(splitText(namedSplitter('gpt2'), text)).toEqual(['a', '\ufeff', ' b', '\u0085', ' c']);
  });
});
