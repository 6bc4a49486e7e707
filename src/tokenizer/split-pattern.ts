/**
 * How a text is cut into pieces before merging; a token never crosses a piece's border. Two patterns have
 * hand-written scanners here, several times faster than the regular expression they stand for.
 * `\s` in them means Unicode's White_Space, as in the Rust library, not JavaScript's own `\s`.
 */
export interface Splitter {
  /** Of one of the patterns below. */
  readonly pattern?: SplitPatternName;
  /** The end of the piece that begins at `start`; always beyond `start`. */
  next(text: string, start: number): number;
}

export type SplitPatternName = 'gpt2' | 'cl100k';

/** The patterns as they are written in a tokenizer.json. */
export const SPLIT_PATTERNS: Readonly<Record<SplitPatternName, string>> = {
  /** GPT-2's (Radford et al. 2019, encoder.py). */
  gpt2: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  /** cl100k's: contractions in any case, numbers in groups of three, newlines apart from indentation. */
  cl100k: String.raw`'(?:[sSſtTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
};

const OTHER = 0;
const LETTER = 1;
const NUMBER = 2;
const SPACE = 3;

const APOSTROPHE = 0x27;
const BLANK = 0x20;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

const classPattern = /(\p{L})|(\p{N})|(\p{White_Space})/u;

function classify(character: string): number {
  const match = classPattern.exec(character);
  if (match === null) return OTHER;
  return match[1] !== undefined ? LETTER : match[2] !== undefined ? NUMBER : SPACE;
}

let basicPlane: Uint8Array | undefined;

/** The class of each of the first 65,536 code points, computed once, on first use. */
function basicPlaneClasses(): Uint8Array {
  basicPlane ??= Uint8Array.from({ length: 0x10000 }, (_, unit) => classify(String.fromCharCode(unit)));
  return basicPlane;
}

const astralClasses = new Map<number, number>();

function astralClass(codePoint: number): number {
  let found = astralClasses.get(codePoint);
  if (found === undefined) {
    found = classify(String.fromCodePoint(codePoint));
    astralClasses.set(codePoint, found);
  }
  return found;
}

abstract class ClassScanner implements Splitter {
  protected readonly classes = basicPlaneClasses();

  abstract next(text: string, start: number): number;

  /** The class of the character at `index`; -1 at the end of the text. */
  protected classAt(text: string, index: number): number {
    if (index >= text.length) return -1;
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdfff) return this.classes[unit] as number;
    const codePoint = text.codePointAt(index) ?? unit;
    return codePoint > 0xffff ? astralClass(codePoint) : OTHER;
  }

  /** The index after the character at `index`. */
  protected after(text: string, index: number): number {
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdbff) return index + 1;
    return (text.codePointAt(index) ?? 0) > 0xffff ? index + 2 : index + 1;
  }

  /** The end of the run of characters of one class. */
  protected endOfRun(text: string, index: number, kind: number): number {
    const { classes } = this;
    const { length } = text;
    while (index < length) {
      const unit = text.charCodeAt(index);
      if (unit < 0xd800 || unit > 0xdfff) {
        if (classes[unit] !== kind) return index;
        index++;
      } else {
        if (this.classAt(text, index) !== kind) return index;
        index = this.after(text, index);
      }
    }
    return index;
  }

  /** `\s+(?!\S)|\s+`: leaves the last space of a run to the word that follows. */
  protected endOfSpaces(text: string, start: number, end: number): number {
    return end < text.length && end - start > 1 ? end - 1 : end;
  }
}

class Gpt2Scanner extends ClassScanner {
  readonly pattern = 'gpt2';

  next(text: string, start: number): number {
    const unit = text.charCodeAt(start);
    if (unit === APOSTROPHE) {
      const length = contractionLength(text, start);
      if (length > 0) return start + length;
    }
    let first = start;
    let kind = this.classAt(text, start);
    if (unit === BLANK) {
      const following = this.classAt(text, start + 1);
      if (following !== SPACE && following !== -1) {
        first++;
        kind = following;
      }
    }
    const end = this.endOfRun(text, first, kind);
    return kind === SPACE ? this.endOfSpaces(text, start, end) : end;
  }
}

class Cl100kScanner extends ClassScanner {
  readonly pattern = 'cl100k';

  next(text: string, start: number): number {
    const unit = text.charCodeAt(start);
    if (unit === APOSTROPHE) {
      const length = anyCaseContractionLength(text, start);
      if (length > 0) return start + length;
    }
    const kind = this.classAt(text, start);
    if (kind === LETTER) return this.endOfRun(text, start, LETTER);
    if (kind === NUMBER) return this.#endOfNumber(text, start);
    const isNewline = unit === NEWLINE || unit === RETURN;
    const second = this.after(text, start);
    const following = this.classAt(text, second);
    if (!isNewline && following === LETTER) return this.endOfRun(text, second, LETTER);
    if (kind === OTHER) return endOfNewlines(text, this.endOfRun(text, start, OTHER));
    if (unit === BLANK && following === OTHER) return endOfNewlines(text, this.endOfRun(text, second, OTHER));
    const end = this.endOfRun(text, start, SPACE);
    for (let index = end; index > start; index--) {
      const previous = text.charCodeAt(index - 1);
      if (previous === NEWLINE || previous === RETURN) return index;
    }
    return this.endOfSpaces(text, start, end);
  }

  #endOfNumber(text: string, start: number): number {
    let index = start;
    for (let digits = 0; digits < 3 && this.classAt(text, index) === NUMBER; digits++) index = this.after(text, index);
    return index;
  }
}

function endOfNewlines(text: string, index: number): number {
  while (index < text.length) {
    const unit = text.charCodeAt(index);
    if (unit !== NEWLINE && unit !== RETURN) break;
    index++;
  }
  return index;
}

/** Length of `'s|'t|'re|'ve|'m|'ll|'d` at `start`, or 0. */
function contractionLength(text: string, start: number): number {
  switch (text[start + 1]) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return text[start + 2] === 'e' ? 3 : 0;
    case 'l':
      return text[start + 2] === 'l' ? 3 : 0;
    default:
      return 0;
  }
}

const anyCaseContraction = /'(?:[sſtmd]|re|ve|ll)/iy;

function anyCaseContractionLength(text: string, start: number): number {
  anyCaseContraction.lastIndex = start;
  return anyCaseContraction.test(text) ? anyCaseContraction.lastIndex - start : 0;
}

/** The scanner of a named pattern. */
export function namedSplitter(name: SplitPatternName): Splitter {
  return name === 'gpt2' ? new Gpt2Scanner() : new Cl100kScanner();
}

/** The pieces of a text. */
export function splitText(splitter: Splitter, text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = splitter.next(text, start);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
