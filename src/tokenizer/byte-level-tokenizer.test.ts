import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../errors.js';
import type { ByteLevelTokenizer } from './byte-level-tokenizer.js';
import { CONTROL, CONTROL_TOKENS } from './control-tokens.js';
import { asHuggingFace, SMALL_CORPUS, spellsControl, trainSmall } from './oracles.test-helper.js';
import { StreamDecoder } from './stream-decoder.js';
import { awkwardBytes, awkwardText } from './text.test-helper.js';
import { tokenizerFromJson } from './tokenizer-json-reader.js';

describe.each(['gpt2', 'cl100k'] as const)('a byte-level tokenizer with the %s pattern', (pattern) => {
  let tokenizer: ByteLevelTokenizer;
  let huggingFace: ReturnType<typeof asHuggingFace>;
  beforeAll(async () => {
    tokenizer = await trainSmall({ pattern });
    huggingFace = asHuggingFace(tokenizer.toJSON());
  });

  it('gives any text back', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('gives any bytes back', () => {
    fc.assert(
      fc.property(awkwardBytes, (bytes) => {
        expect(tokenizer.decodeBytes(tokenizer.encodeBytes(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('encodes bytes that are text as the text', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        expect(tokenizer.encodeBytes(new TextEncoder().encode(text))).toEqual(tokenizer.encode(text));
      }),
    );
  });

  it('encodes and decodes as @huggingface/tokenizers does with its file', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        fc.pre(!spellsControl(tokenizer, text));
        const ids = tokenizer.encode(text);
        expect([...ids]).toEqual(huggingFace.encode(text));
        expect(tokenizer.decode(ids)).toBe(huggingFace.decode(ids));
      }),
      { numRuns: 500 },
    );
  });

  it('decodes any ids as @huggingface/tokenizers does, also where bytes are no text', () => {
    const anyIds = fc.array(fc.nat(tokenizer.vocabSize - 1), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(anyIds, (ids) => {
        expect(tokenizer.decode(ids)).toBe(huggingFace.decode(ids));
      }),
      { numRuns: 500 },
    );
  });

  it('is the same tokenizer after writing and reading', () => {
    const read = tokenizerFromJson(JSON.parse(JSON.stringify(tokenizer)));
    expect(read.vocabSize).toBe(tokenizer.vocabSize);
    expect(read.controlTokens).toEqual(tokenizer.controlTokens);
    expect(read.toJSON()).toEqual(tokenizer.toJSON());
    for (const text of SMALL_CORPUS) expect(read.encode(text)).toEqual(tokenizer.encode(text));
  });

  it('streams characters whole, and the same text in all', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(tokenizer.vocabSize - 1), { maxLength: 30 }), (ids) => {
        const decoder = new StreamDecoder(tokenizer);
        const parts = ids.map((id) => decoder.push(id));
        expect(parts.join('') + decoder.flush()).toBe(tokenizer.decode(ids));
      }),
    );
    const decoder = new StreamDecoder(tokenizer);
    const shown = [...tokenizer.encode('𝒳')].map((id) => decoder.push(id));
    expect(shown).toEqual(['', '', '', '𝒳']);
    expect(decoder.push(tokenizer.encode('𝒳')[0] ?? 0) + decoder.flush()).toBe('\ufffd');
  });
});

describe('control tokens', () => {
  it('never come from a text', async () => {
    const tokenizer = await trainSmall({
      text: [...SMALL_CORPUS, '<|end |> <| end|> |end| <|endoftex t|>'.repeat(50)],
    });
    const controls = new Set(tokenizer.controlTokens.values());
    const pieces = fc.constantFrom(...CONTROL_TOKENS, '<|', '|>', 'end', 'of', 'text', ' ', '<', '|', '>', '<<||>>');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const ids = tokenizer.encode(text);
        expect([...ids].some((id) => controls.has(id))).toBe(false);
        expect(tokenizer.decode(ids)).toBe(text);
        expect([...tokenizer.encodeBytes(new TextEncoder().encode(text))].some((id) => controls.has(id))).toBe(false);
      }),
    );
  });

  it('can be left out of decoded text', async () => {
    const tokenizer = await trainSmall();
    const ids = [tokenizer.idOf(CONTROL.user), ...tokenizer.encode('hi'), tokenizer.idOf(CONTROL.end)];
    expect(tokenizer.decode(ids)).toBe('<|user|>hi<|end|>');
    expect(tokenizer.decode(ids, { skipControlTokens: true })).toBe('hi');
    expect(new TextDecoder().decode(tokenizer.bytesOf(ids[0] ?? 0))).toBe('<|user|>');
  });

  it('can be added later', async () => {
    const tokenizer = await trainSmall({ controlTokens: [CONTROL.endOfText], vocabSize: 300 });
    const chat = tokenizer.withControlTokens(CONTROL_TOKENS);
    expect(chat.vocabSize).toBe(305);
    expect(chat.idOf(CONTROL.endOfText)).toBe(299);
    expect(chat.idOf(CONTROL.pad)).toBe(300);
    expect(chat.encode('the cat')).toEqual(tokenizer.encode('the cat'));
    expect(() => tokenizer.idOf(CONTROL.pad)).toThrow('no control token <|pad|>');
  });
});

describe('awkward cases', () => {
  it('refuses ids outside the vocabulary', async () => {
    const tokenizer = await trainSmall();
    for (const id of [-1, 420, 0.5, Number.NaN]) expect(() => tokenizer.decode([id])).toThrow(DataError);
  });

  it('encodes half a surrogate pair as the replacement character', async () => {
    const tokenizer = await trainSmall();
    expect(tokenizer.decode(tokenizer.encode('a\ud800b'))).toBe('a\ufffdb');
    expect(tokenizer.decode(tokenizer.encode('a\udc00'))).toBe('a\ufffd');
  });

  it('keeps a byte order mark', async () => {
    const tokenizer = await trainSmall();
    expect(tokenizer.decode(tokenizer.encode('\ufeffa'))).toBe('\ufeffa');
  });

  it('encodes a piece of a million letters without taking quadratic time', async () => {
    const tokenizer = await trainSmall();
    const text = 'the'.repeat(330_000);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('encodes the empty text as nothing', async () => {
    const tokenizer = await trainSmall();
    expect(tokenizer.encode('')).toEqual(new Int32Array());
    expect(tokenizer.decode([])).toBe('');
  });

  it('does not depend on what was encoded before', async () => {
    const used = await trainSmall();
    for (const text of SMALL_CORPUS) used.encode(text);
    const fresh = await trainSmall();
    for (const text of SMALL_CORPUS) expect(fresh.encode(text)).toEqual(used.encode(text));
  });
});
