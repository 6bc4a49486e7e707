import fc from 'fast-check';

const fragments = [
  ...['the', 'The', ' ', '  ', '\n', '\r\n', '\t', '\u00a0', '\u3000', '\u0085', "'s", "'S", "'ll", "'Ve", "'", 'ſ'],
  ...['1', '12', '1234', '½', '٣', '.', '...', ' !', '中文', '的', 'é', 'e\u0301', '👩‍👩‍👧', '🇫🇷', '𝒳', '𝟘', '𐍈'],
  ...['\ufffd', '\u0000', '\u200b', '_', '<|', '|>', '<|end', '<s>', 'hello', 'constructor', '__proto__'],
];

/** Any Unicode text, and texts of what pre-tokenizers care about: spaces, contractions, numbers, scripts, emoji. */
export const awkwardText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.array(fc.constantFrom(...fragments), { maxLength: 24 }).map((parts) => parts.join('')),
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

/** Without code points that this version of Unicode leaves open: another library may know a later version. */
export const assignedText = awkwardText.filter((text) => !/\p{Cn}/u.test(text));
