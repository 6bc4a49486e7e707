import { inflateRawSync } from 'node:zlib';
import { FormatError } from '../../errors.js';

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  readonly content: () => Buffer;
}

const [endMark, entryMark, fileMark] = [0x06054b50, 0x02014b50, 0x04034b50];
const [endSize, entrySize, fileSize] = [22, 46, 30];
/** The longest remark behind the directory. */
const longestRemark = 0xffff;

/**
 * The files of a zip archive, by its directory: stored or deflated ones, as nearly all are (APPNOTE.TXT, sections 4.3 and
 * 4.4). Each is unpacked when asked for.
 *
 * @throws FormatError when the archive is damaged, encrypted, of the 64-bit form, or packed in another way
 */
export function* readZip(archive: Buffer, name: string): Generator<ZipEntry> {
  const refuse = (why: string): FormatError =>
    new FormatError(`${name}: ${why}`, { advice: 'Fetch or make it again, or unpack it and give the folder.' });
  const need = (at: number, size: number, mark: number): void => {
    if (at < 0 || at + size > archive.length || archive.readUInt32LE(at) !== mark)
      throw refuse(`damaged zip archive at byte ${Math.max(0, at)}`);
  };
  const end = endOf(archive);
  need(end, endSize, endMark);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw refuse('this zip archive is of the 64-bit form');
  for (let entry = 0; entry < count; entry++) {
    need(at, entrySize, entryMark);
    const [flags, method] = [archive.readUInt16LE(at + 8), archive.readUInt16LE(at + 10)];
    const [packed, size] = [archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 24)];
    const [nameLength, extra, remark] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const start = archive.readUInt32LE(at + 42);
    const path = archive.toString('utf8', at + entrySize, at + entrySize + nameLength!);
    at += entrySize + nameLength! + extra! + remark!;
    if (path.endsWith('/')) continue;
    if ((flags & 1) !== 0) throw refuse(`${path} is encrypted in this zip archive`);
    if (method !== 0 && method !== 8) throw refuse(`${path} is packed by method ${method} in this zip archive`);
    const content = (): Buffer => {
      need(start, fileSize, fileMark);
      const from = start + fileSize + archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28);
      const bytes = archive.subarray(from, from + packed);
      const unpacked = method === 0 ? bytes : inflate(bytes, () => refuse(`${path} is damaged in this zip archive`));
      if (unpacked.length !== size) throw refuse(`${path} is damaged in this zip archive`);
      return unpacked;
    };
    yield { name: path, content };
  }
}

/** The directory's end is the archive's, but for a remark. */
function endOf(archive: Buffer): number {
  const last = archive.length - endSize;
  for (let at = last; at >= Math.max(0, last - longestRemark); at--)
    if (archive.readUInt32LE(at) === endMark) return at;
  return -1;
}

function inflate(bytes: Buffer, damaged: () => Error): Buffer {
  try {
    return inflateRawSync(bytes);
  } catch {
    throw damaged();
  }
}
