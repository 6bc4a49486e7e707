import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { byteTokenizer, fileWith, folderWith, hasSharedData, sharedPath } from './fixtures.test-helper.js';
import { prepareTokens, splitHash, type PrepareOptions } from './prepare.js';
import { documentsFromTexts, readDocuments } from './sources/documents.js';
import { TokenFile, writeTokenFile } from './token-file.js';

const tokenizer = byteTokenizer('<|endoftext|>');
const texts = Array.from({ length: 200 }, (_, i) => `Document ${i % 150}: ${'x'.repeat(i % 17)}`);

const prepare = (options: Partial<PrepareOptions> = {}) =>
  prepareTokens({ documents: documentsFromTexts(texts), tokenizer, folder: folderWith(), ...options });

/** The documents of a token file as texts, the end-of-document token dropped. */
function documentsIn(path: string): string[] {
  const file = TokenFile.open({ path, tokenizer });
  const documents: string[] = [];
  let start = 0;
  for (const end of file.readDocumentEnds()) {
    const ids = new Int32Array(end - start);
    file.readInto(start, ids);
    documents.push(tokenizer.decode(ids.filter((id) => id < 256)));
    start = end;
  }
  expect(start).toBe(file.length);
  file.close();
  return documents;
}

describe('the split by document', () => {
  it('loses nothing, keeps the order, and puts no text on both sides', async () => {
    const { train, validation, splitBy } = await prepare({ validation: 0.2 });
    expect(splitBy).toBe('document');
    const [learned, held] = [documentsIn(train.path), documentsIn(validation?.path ?? '')];
    expect([...learned, ...held].sort()).toEqual([...texts].sort());
    expect(texts.filter((text) => learned.includes(text))).toEqual(learned);
    expect(learned.filter((text) => held.includes(text))).toEqual([]);
    expect(held.length / texts.length).toBeGreaterThan(0.1);
    expect(held.length / texts.length).toBeLessThan(0.3);
  });

  it('is the same in every run, and another by another seed', async () => {
    const hashes = async (seed: number) => (await prepare({ seed })).train.header.sha256;
    expect(await hashes(1)).toBe(await hashes(1));
    expect(await hashes(1)).not.toBe(await hashes(2));
  });

  it('depends on nothing but the seed and the beginning of the document', () => {
    const long = 'a'.repeat(70_000);
    expect(splitHash(1, long)).toBe(splitHash(1, long + 'b'));
    expect(splitHash(1, 'a')).not.toBe(splitHash(2, 'a'));
  });

  it('takes a long document, which comes in parts, as one', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `Line ${i} of many words. `.repeat(20)).join('\n');
    const paths = fileWith('a.txt', [lines, ...texts].join('<|endoftext|>'));
    const documents = readDocuments({ paths, partLength: 300 });
    const { train, validation } = await prepare({ documents, splitBy: 'document' });
    const all = [...documentsIn(train.path), ...documentsIn(validation?.path ?? '')];
    expect(all).toContain(lines.trim());
    expect(all).toHaveLength(201);
  });
});

describe('the split at the tail', () => {
  it('is that of nanoGPT: the last share of all tokens', async () => {
    const documents = documentsFromTexts(['x'.repeat(1003), 'y'.repeat(100)]);
    const { train, validation, splitBy } = await prepare({ documents, endOfDocument: null });
    expect(splitBy).toBe('tail');
    expect([train.header.tokens, validation?.header.tokens]).toEqual([992, 111]);
    expect(documentsIn(validation?.path ?? '')).toEqual(['x'.repeat(11), 'y'.repeat(100)]);
  });

  it('is taken by itself where the documents are few', async () => {
    expect((await prepare({ documents: documentsFromTexts(['A long single text.']) })).splitBy).toBe('tail');
  });
});

describe('what is said before any training', () => {
  const failures: Record<string, [Partial<PrepareOptions>, RegExp]> = {
    'no documents': [{ documents: [] }, /There is no text in this data/],
    'an empty validation split': [
      { documents: documentsFromTexts(['a', 'b']), splitBy: 'document', validation: 0.001 },
      /The validation split is empty: 2 documents do not divide at a share of 0.001/,
    ],
    'an empty training split': [
      { documents: documentsFromTexts(['a', 'b']), splitBy: 'document', validation: 0.999 },
      /The training split is empty/,
    ],
    'too few tokens for a tail': [
      { documents: documentsFromTexts(['a']), endOfDocument: null },
      /The training split is empty/,
    ],
    'a share that is none': [{ validation: 1 }, /validation: 1 is not a share/],
  };
  for (const [name, [options, why]] of Object.entries(failures)) {
    it(name, async () => {
      const folder = folderWith();
      await expect(prepare({ ...options, folder })).rejects.toThrow(why);
      expect(readdirSync(folder).filter((file) => file.startsWith('all'))).toEqual([]);
    });
  }

  it('a share of zero gives no validation file', async () => {
    const { train, validation } = await prepare({ validation: 0 });
    expect(validation).toBeUndefined();
    expect(documentsIn(train.path)).toEqual(texts);
    expect(existsSync(train.path.replace('train', 'validation'))).toBe(false);
  });

  it('a token file of another tokenizer', async () => {
    const { train } = await prepare();
    const other = byteTokenizer('<|endoftext|>', '<|pad|>');
    expect(() => TokenFile.open({ path: train.path, tokenizer: other })).toThrow(
      /made with another tokenizer \(vocabulary 257\) than the one given \(vocabulary 258\)/,
    );
  });
});

describe('token files', () => {
  it('hold ids of 16 and 32 bits and are read at any position', async () => {
    for (const vocabSize of [65_536, 65_537]) {
      const path = join(folderWith(), 'a.tokens');
      const wide = { vocabSize, toJSON: () => tokenizer.toJSON() };
      const ids = Array.from({ length: 600_000 }, (_, i) => (i * 7919) % vocabSize);
      await writeTokenFile(path, wide, async (writer) => {
        await writer.append(ids.slice(0, 1000));
        writer.endDocument();
        await writer.append(ids.slice(1000));
        writer.endDocument();
      });
      const file = TokenFile.open({ path });
      expect(file.header).toMatchObject({
        dtype: vocabSize > 65_536 ? 'uint32' : 'uint16',
        tokens: 600_000,
        vocabSize,
      });
      const read = new Int32Array(1000);
      file.readInto(523_900, read);
      expect([...read]).toEqual(ids.slice(523_900, 524_900));
      expect([...file.readDocumentEnds()]).toEqual([1000, 600_000]);
      expect(() => file.readInto(599_999, new Int32Array(2))).toThrow(/do not exist/);
      file.close();
    }
  });

  it('are refused when they are damaged or missing', async () => {
    const { path } = (await prepare()).train;
    const bytes = readFileSync(path);
    truncateSync(path, bytes.length - 10);
    expect(() => TokenFile.open({ path })).toThrow(/not a complete token file/);
    writeFileSync(path, bytes.subarray(8));
    expect(() => TokenFile.open({ path })).toThrow(/its size does not fit its header/);
    expect(() => TokenFile.open({ path: 'missing.tokens' })).toThrow(/cannot be opened/);
  });
});

it.runIf(hasSharedData('text-tinyshakespeare'))('tinyshakespeare divides as in nanoGPT', async () => {
  const documents = readDocuments({ paths: sharedPath('text-tinyshakespeare/input.txt.gz'), trim: false });
  const { train, validation } = await prepare({ documents, endOfDocument: null });
  expect([train.header.tokens, validation?.header.tokens]).toEqual([1_003_854, 111_540]);
});
