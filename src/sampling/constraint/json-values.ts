import { type Grammar, choice, literal, nothing, oneOf, optional, reference, repeat, sequence } from './grammar.js';

/** JSON's values as grammars: compact, with at most a space after a comma or a colon. */

const space = optional(oneOf(' '));
export const comma = sequence(oneOf(','), space);
export const colon = sequence(oneOf(':'), space);

const digit = oneOf('0123456789');
const hex = oneOf('0123456789abcdefABCDEF');
const tail = oneOf([0x80, 0xbf]);

/** `\n` and its like, and `\u` with four digits, but no half of a surrogate pair. */
const escape = sequence(
  oneOf('\\'),
  choice(
    oneOf('"\\/bfnrt'),
    sequence(
      oneOf('u'),
      choice(
        sequence(oneOf('0123456789abcefABCEF'), repeat(hex, 3, 3)),
        sequence(oneOf('dD'), oneOf('01234567'), repeat(hex, 2, 2)),
      ),
    ),
  ),
);

/** A character of a string that is one UTF-16 unit: UTF-8 of up to three bytes (RFC 3629), without control characters. */
const shortCharacter = choice(
  oneOf([0x20, 0x21], [0x23, 0x5b], [0x5d, 0x7e]),
  sequence(oneOf([0xc2, 0xdf]), tail),
  sequence(oneOf([0xe0, 0xe0]), oneOf([0xa0, 0xbf]), tail),
  sequence(oneOf([0xe1, 0xec], [0xee, 0xef]), tail, tail),
  sequence(oneOf([0xed, 0xed]), oneOf([0x80, 0x9f]), tail),
  escape,
);

const character = choice(
  shortCharacter,
  sequence(oneOf([0xf0, 0xf0]), oneOf([0x90, 0xbf]), tail, tail),
  sequence(oneOf([0xf1, 0xf3]), tail, tail, tail),
  sequence(oneOf([0xf4, 0xf4]), oneOf([0x80, 0x8f]), tail, tail),
);

const quoted = (content: Grammar): Grammar => sequence(oneOf('"'), content, oneOf('"'));

/** A string; where its length is limited, of characters that everybody counts as one. */
export const stringOf = (least = 0, most = Infinity): Grammar =>
  quoted(repeat(least === 0 && most === Infinity ? character : shortCharacter, least, most));

/** So many digits that a double holds them exactly. */
const MOST_DIGITS = 15;

const natural = choice(oneOf('0'), sequence(oneOf('123456789'), repeat(digit, 0, MOST_DIGITS - 1)));
const fraction = sequence(oneOf('.'), repeat(digit, 1, MOST_DIGITS));
const exponent = sequence(oneOf('eE'), optional(oneOf('+-')), repeat(digit, 1, 2));
const minus = optional(oneOf('-'));

export const integer: Grammar = sequence(minus, natural);
export const number: Grammar = sequence(integer, optional(fraction), optional(exponent));

const LARGEST = 10 ** MOST_DIGITS - 1;

/** Integers from `least` to `most`; undefined when there are none. */
export function integerBetween(least: number, most: number): Grammar | undefined {
  const [from, to] = [Math.max(Math.ceil(least), -LARGEST), Math.min(Math.floor(most), LARGEST)];
  if (from > to) return undefined;
  const options: Grammar[] = [];
  if (to >= 0) options.push(naturalBetween(Math.max(0, from), to));
  if (from < 0) options.push(sequence(oneOf('-'), naturalBetween(Math.max(1, -to), -from)));
  return choice(...options);
}

/** Numbers between two limits: integers, and those with a fraction whose neighbours are both within. */
export function numberBetween(least: number, most: number): Grammar | undefined {
  const whole = integerBetween(least, most);
  const [from, to] = [Math.ceil(least), Math.floor(most)];
  const above = to >= 1 && naturalPart(Math.max(0, from), to - 1);
  const below = from <= -1 && naturalPart(Math.max(0, -to), -from - 1);
  const options = [whole, above && sequence(above, fraction), below && sequence(oneOf('-'), below, fraction)].filter(
    (option) => option !== undefined && option !== false,
  );
  return options.length > 0 ? choice(...options) : undefined;
}

const naturalPart = (from: number, to: number): Grammar | false =>
  from <= Math.min(to, LARGEST) && naturalBetween(from, Math.min(to, LARGEST));

/** 0 ≤ from ≤ to: for each number of digits a range of its own. */
function naturalBetween(from: number, to: number): Grammar {
  const options: Grammar[] = [];
  for (let digits = String(from).length; digits <= String(to).length; digits++) {
    const low = Math.max(from, digits === 1 ? 0 : 10 ** (digits - 1));
    const high = Math.min(to, 10 ** digits - 1);
    options.push(digitsBetween(String(low), String(high)));
  }
  return choice(...options);
}

/** Texts of digits from one to another of the same length. */
function digitsBetween(low: string, high: string): Grammar {
  if (low === '') return nothing;
  const rest = low.length - 1;
  const [first, last] = [Number(low[0]), Number(high[0])];
  if (first === last) return sequence(oneOf(low[0]!), digitsBetween(low.slice(1), high.slice(1)));
  const between = (from: number, to: number): string => '0123456789'.slice(from, to + 1);
  const options = [
    sequence(oneOf(low[0]!), digitsBetween(low.slice(1), '9'.repeat(rest))),
    sequence(oneOf(high[0]!), digitsBetween('0'.repeat(rest), high.slice(1))),
  ];
  const middle = between(first + 1, last - 1);
  if (middle !== '') options.push(sequence(oneOf(middle), repeat(digit, rest, rest)));
  return choice(...options);
}

/** This very value. */
export const valueLiteral = (value: unknown): Grammar => literal(JSON.stringify(value));

/** Things between two brackets, with commas between them. */
export function listOf(item: Grammar, least = 0, most = Infinity): Grammar {
  if (most === 0) return nothing;
  const some = sequence(item, repeat(sequence(comma, item), Math.max(0, least - 1), most - 1));
  return least === 0 ? optional(some) : some;
}

export const arrayOf = (content: Grammar): Grammar => sequence(oneOf('['), content, oneOf(']'));
export const objectOf = (content: Grammar): Grammar => sequence(oneOf('{'), content, oneOf('}'));

/** Any keys, with values of one kind. */
export const mapOf = (value: Grammar): Grammar => objectOf(listOf(sequence(stringOf(), colon, value)));

export const anyObject: Grammar = mapOf(reference(() => anyValue));

export const anyValue: Grammar = choice(
  anyObject,
  arrayOf(listOf(reference(() => anyValue))),
  stringOf(),
  number,
  ...[true, false, null].map(valueLiteral),
);
