import fc from 'fast-check';

const fragments = [
  ...['the', 'The', ' ', '  ', '\n', '\r\n', '\t', '\u00a0', '\u3000', '\u0085', "'s", "'S", "'ll", "'Ve", "'", 'ſ'],
  ...['1', '12', '1234', '½', '٣', '.', '...', ' !', '中文', '的', 'é', 'e\u0301', '👩‍👩‍👧', '🇫🇷', '𝒳', '𝟘', '𐍈'],
  ...['\ufffd', '\u0000', '\u200b', '_', '<|', '|>', '<|end', '<s>', 'hello', 'constructor', '__proto__'],
];

const fragmentText = fc.array(fc.constantFrom(...fragments), { maxLength: 24 }).map((parts) => parts.join(''));

/** Any Unicode text, and texts of what pre-tokenizers care about: spaces, contractions, numbers, scripts, emoji. */
export const awkwardText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fragmentText,
);

/** Bytes of any kind, often with stretches of valid UTF-8 among them. */
export const awkwardBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      awkwardText.map((text) => new TextEncoder().encode(text)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

const codePoints = (first: number, last: number) =>
  fc.integer({ min: first, max: last }).map((code) => String.fromCodePoint(code));

/** Code points whose class every library agrees on, whatever version of Unicode it knows. */
const settledCharacter = fc.oneof(
  ...[codePoints(0, 0x17f), codePoints(0x391, 0x3a1), codePoints(0x410, 0x44f), codePoints(0x621, 0x64a)],
  ...[codePoints(0x2000, 0x206f), codePoints(0x2190, 0x21ff), codePoints(0x3040, 0x3096), codePoints(0x4e00, 0x9fa5)],
  ...[
    codePoints(0xac00, 0xd7a3),
    codePoints(0xe000, 0xf8ff),
    codePoints(0x1d400, 0x1d454),
    codePoints(0x1f600, 0x1f64f),
  ],
);

/** As awkwardText, for comparing with libraries that have Unicode tables of their own. */
export const settledText = fc.oneof(fc.string({ unit: settledCharacter, maxLength: 40 }), fragmentText);
