import { FormatError } from '../errors.js';
import type { Splitter } from './split-pattern.js';

/** Cuts at the matches of a regular expression; what lies between two matches is a piece too ("Isolated"). */
export class RegexSplitter implements Splitter {
  readonly #pattern: RegExp;

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  next(text: string, start: number): number {
    this.#pattern.lastIndex = start;
    for (;;) {
      const match = this.#pattern.exec(text);
      if (!match) return text.length;
      if (match.index > start) return match.index;
      if (match[0].length > 0) return this.#pattern.lastIndex;
      this.#pattern.lastIndex = start + ((text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1);
    }
  }
}

/** What the escapes of Rust's and Oniguruma's expressions mean, inside of a character class. */
const CLASS_ESCAPES: Readonly<Record<string, string>> = {
  s: String.raw`\p{White_Space}`,
  S: String.raw`\P{White_Space}`,
  d: String.raw`\p{Nd}`,
  D: String.raw`\P{Nd}`,
  w: String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}`,
};
const PLAIN_ESCAPES = new Set('nrtfv0');
const SYNTAX = new Set('^$\\.*+?()[]{}|/-');
const QUANTIFIER_ENDS = new Set('?*+}');

/**
 * Translates the regular expression of a tokenizer.json (Oniguruma's dialect) to JavaScript's.
 * Throws FormatError for syntax that it does not know for certain.
 */
export function compileSplitPattern(source: string, where: string): RegExp {
  try {
    return new RegExp(new Translation(source).run(), 'gu');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${where}: cannot use the split pattern ${source}: ${reason}`, {
      advice: 'This tokenizer.json splits text in a way that is not supported.',
      cause: error,
    });
  }
}

class Translation {
  readonly #source: string;
  #index = 0;
  #output = '';
  /** For each open group, whether letters of any case match in it. */
  readonly #anyCase: boolean[] = [false];

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    while (this.#index < this.#source.length) this.#element();
    return this.#output;
  }

  #element(): void {
    const character = this.#take();
    if (character === '\\') this.#output += this.#escape(false);
    else if (character === '[') this.#characterClass();
    else if (character === '(') this.#group();
    else if (character === ')') {
      this.#anyCase.pop();
      this.#output += ')';
    } else if (character === '+' && this.#endsInQuantifier()) {
      throw new SyntaxError('possessive quantifiers are not supported');
    } else {
      const cases = this.#isAnyCase() ? casesOf(character) : character;
      this.#output += cases.length > 1 && cases !== character ? `[${cases}]` : character;
    }
  }

  #group(): void {
    const rest = this.#source.slice(this.#index);
    const opening = /^\?(?:i:|:|=|!|<=|<!)/.exec(rest)?.[0] ?? '';
    if (rest.startsWith('?') && opening === '') throw new SyntaxError(`group (${rest.slice(0, 3)} is not supported`);
    this.#index += opening.length;
    this.#anyCase.push(opening === '?i:' || this.#isAnyCase());
    this.#output += `(${opening === '?i:' ? '?:' : opening}`;
  }

  #characterClass(): void {
    this.#output += '[';
    if (this.#peek() === '^') this.#output += this.#take();
    while (this.#peek() !== ']') {
      const character = this.#take();
      if (character === '[' || (character === '&' && this.#peek() === '&')) {
        throw new SyntaxError('nested character classes are not supported');
      }
      if (this.#isAnyCase() && this.#peek() === '-') throw new SyntaxError('ranges inside (?i:) are not supported');
      if (character === '\\') this.#output += this.#escape(true);
      else this.#output += this.#isAnyCase() ? casesOf(character) : character;
    }
    this.#output += this.#take();
  }

  #escape(isInClass: boolean): string {
    const character = this.#take();
    if (character === 'p' || character === 'P') return this.#property(character);
    if (character === 'u' || character === 'x') return `\\${character}`;
    const meaning = CLASS_ESCAPES[character];
    if (meaning !== undefined) return isInClass || meaning.length <= 15 ? meaning : `[${meaning}]`;
    if (PLAIN_ESCAPES.has(character)) return `\\${character}`;
    if (/[A-Za-z0-9]/.test(character)) throw new SyntaxError(`\\${character} is not supported`);
    return SYNTAX.has(character) && (isInClass || character !== '-') ? `\\${character}` : character;
  }

  /** `\p{Han}` is a script without saying so, which JavaScript wants said. */
  #property(letter: string): string {
    const name = /^\{\^?([^}]+)\}/.exec(this.#source.slice(this.#index));
    if (!name?.[1]) throw new SyntaxError(`\\${letter} without a property`);
    this.#index += name[0].length;
    const isNegated = (letter === 'P') !== name[0].startsWith('{^');
    const property = isProperty(name[1]) ? name[1] : `Script=${name[1]}`;
    return `\\${isNegated ? 'P' : 'p'}{${property}}`;
  }

  #endsInQuantifier(): boolean {
    const previous = this.#source[this.#index - 2] ?? '';
    return (
      QUANTIFIER_ENDS.has(previous) &&
      this.#source[this.#index - 3] !== '\\' &&
      !/\\[pP]\{[^}]*\}$/.test(this.#source.slice(0, this.#index - 1))
    );
  }

  #isAnyCase(): boolean {
    return this.#anyCase[this.#anyCase.length - 1] ?? false;
  }

  #peek(): string {
    return this.#source[this.#index] ?? '';
  }

  #take(): string {
    const character = this.#source[this.#index++];
    if (character === undefined) throw new SyntaxError('it ends too early');
    return character;
  }
}

/** A letter in every case that Unicode folds to the same: `s` is also the long s, `k` the Kelvin sign. */
function casesOf(character: string): string {
  const lower = character.toLowerCase();
  const upper = character.toUpperCase();
  if (lower === upper) return character;
  return lower + upper + (lower === 's' ? 'ſ' : lower === 'k' ? '\u212a' : '');
}

function isProperty(name: string): boolean {
  try {
    return new RegExp(`\\p{${name}}`, 'u').unicode;
  } catch {
    return false;
  }
}
