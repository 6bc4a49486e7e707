import { ConfigError } from '../../errors.js';

/** Writing tar archives, POSIX ustar: what every system unpacks. */

const block = 512;

/**
 * What stands before a file's content in an archive. The content follows, padded by `tarPadding`; `tarEnd` ends it all.
 *
 * @param name at most 100 bytes
 */
export function tarHeader(name: string, size: number): Uint8Array {
  const encoder = new TextEncoder();
  if (encoder.encode(name).length > 100) throw new ConfigError(`${name}: too long a name for a tar archive`);
  const header = new Uint8Array(block);
  const write = (text: string, at: number): void => header.set(encoder.encode(text), at);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  write(name, 0);
  write(octal(0o644, 7), 100);
  write(octal(0, 7), 108);
  write(octal(0, 7), 116);
  write(octal(size, 11), 124);
  write(octal(0, 11), 136);
  write(' '.repeat(8), 148);
  write('0', 156);
  write('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Zeros up to the next block. */
export const tarPadding = (size: number): Uint8Array => new Uint8Array((block - (size % block)) % block);

export const tarEnd = (): Uint8Array => new Uint8Array(2 * block);
