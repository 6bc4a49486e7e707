import { FormatError } from '../../errors.js';

/** A file in a tar archive. */
export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

const block = 512;

/**
 * The regular files of a tar archive (POSIX ustar; long names by GNU's or pax headers are not needed for what is read
 * here and are refused rather than misread).
 *
 * @throws FormatError when the archive is damaged
 */
export function* readTar(archive: Uint8Array, name: string): Generator<TarEntry> {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('utf8')
      .split('\0', 1)[0] ?? '';
  for (let at = 0; at + block <= archive.length;) {
    const header = archive.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return;
    const checksum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
    const size = parseInt(text(at + 124, 12).trim() || '0', 8);
    const damaged = parseInt(text(at + 148, 8).trim(), 8) !== checksum || at + block + size > archive.length;
    if (damaged) throw new FormatError(`${name}: damaged tar archive at byte ${at}`);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L' || type === 'x') throw new FormatError(`${name}: this tar archive has extended headers`);
    const prefix = text(at + 345, 155);
    const entry = text(at, 100);
    at += block;
    if (type === '0' || type === '\0') {
      yield { name: prefix === '' ? entry : `${prefix}/${entry}`, content: archive.subarray(at, at + size) };
    }
    at += Math.ceil(size / block) * block;
  }
}
