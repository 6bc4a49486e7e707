import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadRows } from '../bad-rows.js';
import { collect, fileWith, folderWith } from '../fixtures.test-helper.js';
import { documentsFromTexts, findCut, readDocuments, type DocumentOptions, type DocumentPart } from './documents.js';

/** The documents as whole texts, with the line where each begins. */
async function documentsOf(options: DocumentOptions): Promise<[number, string][]> {
  const documents: [number, string][] = [];
  let open: [number, string] | undefined;
  for (const part of await collect(readDocuments(options))) {
    open ??= [part.line, ''];
    open[1] += part.text;
    if (!part.ends) continue;
    documents.push(open);
    open = undefined;
  }
  expect(open).toBeUndefined();
  return documents;
}

describe('readDocuments', () => {
  it('splits at the separator and knows where each document begins', async () => {
    const paths = fileWith('a.txt', '\n One\nline \n<|endoftext|>\n\nTwo<|endoftext|>  \n<|endoftext|>\nThree');
    expect(await documentsOf({ paths })).toEqual([
      [2, 'One\nline'],
      [6, 'Two'],
      [8, 'Three'],
    ]);
    expect(await documentsOf({ paths, separator: null })).toHaveLength(1);
    expect((await documentsOf({ paths, trim: false })).map(([, text]) => text)).toEqual([
      '\n One\nline \n',
      '\n\nTwo',
      '\nThree',
    ]);
    expect(await documentsOf({ paths, separator: '\n\n' })).toHaveLength(2);
  });

  it('reads folders of text and rows with a text field', async () => {
    const paths = folderWith({ 'a.md.gz': '# A', 'b.jsonl': '{"text":"B"}\n{"text":" "}', 'c.csv': 'id,text\n1,C' });
    expect((await documentsOf({ paths })).map(([, text]) => text)).toEqual(['# A', 'B', 'C']);
  });

  it('a row without text is a bad row that says which fields there are', async () => {
    const paths = fileWith('a.jsonl', '{"text":"A"}\n{"body":"B","id":1}');
    await expect(documentsOf({ paths })).rejects.toThrow(
      /a.jsonl:2: field "text": should be the text of a document, but is missing; the row is an object with the fields body, id/,
    );
    const badRows = new BadRows();
    expect(await documentsOf({ paths, badRows })).toHaveLength(1);
    expect(await documentsOf({ paths, field: 'body', badRows })).toEqual([[2, 'B']]);
    expect(badRows.count).toBe(2);
  });

  it('parts joined are the document, however short they are and wherever the separators lie', async () => {
    const text = fc.array(fc.constantFrom('a', 'word', ' ', '\n', '🙂', '一', '.', '  ', '\r\n'), { maxLength: 60 });
    const list = fc.array(text, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: 2, max: 30 }), async (lists, partLength) => {
        const texts = lists.map((pieces) => pieces.join(''));
        const paths = fileWith('a.txt', texts.join('<SEP>'));
        const expected = texts.filter((each) => each.trim() !== '');
        const untrimmed = await documentsOf({ paths, separator: '<SEP>', partLength, trim: false });
        expect(untrimmed.map(([, each]) => each)).toEqual(expected);
        const trimmed = await documentsOf({ paths, separator: '<SEP>', partLength });
        expect(trimmed.map(([, each]) => each.trimEnd())).toEqual(expected.map((each) => each.trim()));
      }),
      { numRuns: 100 },
    );
  });

  it('a file larger than a part comes in several, cut at line breaks', async () => {
    const line = 'The quick brown fox jumps over the lazy dog.\n';
    const parts: DocumentPart[] = await collect(
      readDocuments({ paths: fileWith('a.txt', line.repeat(20_000)), partLength: 100_000 }),
    );
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.filter(({ ends }) => ends)).toHaveLength(1);
    for (const { text, ends } of parts) expect(text.endsWith('dog.\n') || ends).toBe(true);
    expect(parts[1]?.line).toBe(1 + (parts[0]?.text.split('\n').length ?? 0) - 1);
  });
});

describe('findCut', () => {
  // The split pattern of GPT-2 (Radford et al. 2019).
  const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

  it('cuts where a piece ends, so that encoding the parts is encoding the whole', () => {
    const text = fc.array(fc.constantFrom('word', ' ', '\n', '\n\n', "it's", '12', '...', '  ', '\r\n', '一'), {
      minLength: 30,
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, (pieces) => {
        const whole = pieces.join('');
        const cut = findCut(whole, Math.floor(whole.length * 0.8));
        const solid = /\S\n\S/.test(whole.slice(cut - 2, cut + 1)) || /\S \S/.test(whole.slice(cut - 1, cut + 2));
        if (!solid) return;
        const parts = [whole.slice(0, cut), whole.slice(cut)].flatMap((part) => part.match(gpt2) ?? []);
        expect(parts).toEqual(whole.match(gpt2));
      }),
    );
  });

  it('never cuts a character in two', () => {
    expect(findCut('🙂'.repeat(10), 5)).toBe(4);
    expect(findCut('x'.repeat(10), 5)).toBe(5);
  });
});

it('documentsFromTexts numbers texts in memory', () => {
  expect([...documentsFromTexts(['a', 'b'], 'mine')]).toEqual([
    { text: 'a', file: 'mine', line: 1, ends: true },
    { text: 'b', file: 'mine', line: 2, ends: true },
  ]);
});
