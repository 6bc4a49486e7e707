import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { BPE, byteLevelPreTokenizer, Tokenizer as RustTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.js';
import { trainTokenizer } from './bpe-trainer.js';
import { CONTROL, CONTROL_TOKENS } from './control-tokens.js';
import { SMALL_CORPUS, trainSmall } from './oracles.test-helper.js';
import { hasSharedData, sharedText } from '../data/fixtures.test-helper.js';
import { settledText } from './text.test-helper.js';
import type { BpeModelJson } from './tokenizer-json.js';

/** What the Rust library learns from these lines: its trainer's defaults, 30,000 tokens and no minimum frequency. */
function rustMerges(text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'descent-'));
  try {
    const file = join(folder, 'text.txt');
    writeFileSync(file, text);
    const rust = new RustTokenizer(BPE.empty());
    rust.setPreTokenizer(byteLevelPreTokenizer(false, true));
    rust.train([file]);
    rust.save(file);
    const json = JSON.parse(readFileSync(file, 'utf8')) as { model: { merges: (string | [string, string])[] } };
    return json.model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The Rust trainer reads a file line by line, so for the comparison each line is a document. */
const lines = (text: string) => text.split(/(?<=\n)/);

const merges = (json: { model: BpeModelJson }) => json.model.merges;

describe('trainTokenizer', () => {
  it('learns the merges that the Rust library learns, in the same order', async () => {
    const text = SMALL_CORPUS.join('\n').repeat(2);
    const tokenizer = await trainTokenizer({
      text: lines(text),
      vocabSize: 30_000,
      minFrequency: 1,
      controlTokens: [],
    });
    expect(merges(tokenizer.toJSON())).toEqual(rustMerges(text));
  });

  it('does so on random text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(settledText, { minLength: 1, maxLength: 8 }), async (parts) => {
        const text = `${parts.join(' ')} aaaa abab`;
        const tokenizer = await trainTokenizer({
          text: lines(text),
          vocabSize: 30_000,
          minFrequency: 1,
          controlTokens: [],
        });
        expect(merges(tokenizer.toJSON())).toEqual(rustMerges(text));
      }),
      { numRuns: 30 },
    );
  });

  it.skipIf(!hasSharedData('text-tinystories-2m'))('does so on half a megabyte of stories', async () => {
    const text = sharedText('text-tinystories-2m/tinystories_sample.txt.gz')
      .slice(0, 5e5)
      .replaceAll('<|endoftext|>', '');
    const tokenizer = await trainTokenizer({ text: lines(text), vocabSize: 8000, minFrequency: 1, controlTokens: [] });
    const learned = merges(tokenizer.toJSON());
    expect(rustMerges(text).slice(0, learned.length)).toEqual(learned);
  });

  it('gives the same tokenizer however the stream of bytes is cut', async () => {
    const text = [...SMALL_CORPUS, CONTROL.endOfText, SMALL_CORPUS[0] ?? '', ' <|endof', ' 12 34'].join('');
    const bytes = new TextEncoder().encode(text);
    const whole = merges((await trainSmall({ text: [text] })).toJSON());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (lengths) => {
        const chunks: Uint8Array[] = [];
        for (let start = 0, index = 0; start < bytes.length; index++) {
          const end = start + (lengths[index % lengths.length] ?? 1);
          chunks.push(bytes.subarray(start, end));
          start = end;
        }
        expect(merges((await trainSmall({ text: chunks })).toJSON())).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same file for the same text', async () => {
    expect(JSON.stringify(await trainSmall())).toBe(JSON.stringify(await trainSmall()));
  });

  it('gives the same tokenizer for another order of documents', async () => {
    const forward = await trainSmall();
    const backward = await trainSmall({ text: [...SMALL_CORPUS].reverse() });
    expect(backward.toJSON()).toEqual(forward.toJSON());
  });

  it('learns nothing across or from a control token', async () => {
    const text = 'ab<|endoftext|>ab<|endoftext|>'.repeat(20);
    const tokenizer = await trainTokenizer({ text: [text], vocabSize: 300 });
    expect(merges(tokenizer.toJSON())).toEqual(['a b']);
  });

  it('gives control tokens the last ids, and padding one of its own', async () => {
    const tokenizer = await trainSmall();
    expect(tokenizer.vocabSize).toBe(420);
    expect([...tokenizer.controlTokens.values()]).toEqual(CONTROL_TOKENS.map((_, index) => 414 + index));
    expect(tokenizer.idOf(CONTROL.pad)).not.toBe(tokenizer.idOf(CONTROL.endOfText));
  });

  it('stops at the minimum frequency', async () => {
    const text = ['abcabcabc', 'xyxy'];
    const often = await trainTokenizer({ text, vocabSize: 300, minFrequency: 3 });
    expect(merges(often.toJSON())).toEqual(['a b', 'ab c']);
  });

  it('refuses a vocabulary that cannot hold the bytes and the control tokens', async () => {
    await expect(trainSmall({ vocabSize: 261 })).rejects.toThrow(ConfigError);
    await expect(trainSmall({ vocabSize: 261 })).rejects.toThrow('256 bytes and 6 control tokens need 262');
    expect((await trainSmall({ vocabSize: 262 })).vocabSize).toBe(262);
    await expect(trainSmall({ vocabSize: 1.5 })).rejects.toThrow(ConfigError);
    await expect(trainSmall({ minFrequency: Number.NaN })).rejects.toThrow(ConfigError);
    await expect(trainSmall({ controlTokens: ['<|a|>', '<|a|>'] })).rejects.toThrow('listed twice');
  });

  it('refuses an empty text', async () => {
    await expect(trainSmall({ text: [] })).rejects.toThrow(DataError);
    await expect(trainSmall({ text: ['', CONTROL.endOfText] })).rejects.toThrow(DataError);
  });

  it('stops when it is told to', async () => {
    const reason = new Error('enough');
    async function* endless() {
      for (;;) yield await Promise.resolve('the same words again and again');
    }
    await expect(trainSmall({ text: endless(), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
