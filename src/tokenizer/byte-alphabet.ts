/**
 * GPT-2's printable alphabet for bytes: each of the 256 bytes is written as one character, so that a vocabulary
 * of byte strings fits in JSON. Printable Latin-1 stands for itself; the other 68 bytes follow from U+0100.
 */
const PRINTABLE: readonly (readonly [number, number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

function buildAlphabet(): { order: Uint8Array; characters: string[] } {
  const isPrintable = (byte: number) => PRINTABLE.some(([first, last]) => byte >= first && byte <= last);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const order = [...bytes.filter(isPrintable), ...bytes.filter((byte) => !isPrintable(byte))];
  const characters: string[] = [];
  let next = 0x100;
  for (const byte of order) characters[byte] = String.fromCharCode(isPrintable(byte) ? byte : next++);
  return { order: Uint8Array.from(order), characters };
}

const alphabet = buildAlphabet();

/** The 256 bytes in the order of GPT-2's ids 0..255. */
export const BYTE_ORDER: Uint8Array = alphabet.order;

/** `BYTE_CHARACTERS[byte]` is the character that stands for the byte. */
export const BYTE_CHARACTERS: readonly string[] = alphabet.characters;

const byteOfCharacter = new Map(alphabet.characters.map((character, byte) => [character, byte]));

/** Bytes → their spelling in a vocabulary. */
export function spellBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += BYTE_CHARACTERS[byte] ?? '';
  return text;
}

/** A vocabulary's spelling → bytes; undefined when a character is not of the byte alphabet. */
export function unspellBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const byte = byteOfCharacter.get(text.charAt(index));
    if (byte === undefined) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}
