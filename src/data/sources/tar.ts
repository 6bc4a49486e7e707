import { FormatError } from '../../errors.js';

/** A file in a tar archive. */
export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

const block = 512;

/**
 * The regular files of a tar archive: POSIX ustar, and the headers in which pax (Python, macOS) and GNU tar put names
 * that are long or not ASCII. Their other records, such as times, do not matter here.
 *
 * @throws FormatError when the archive is damaged, or holds files of 8 GB and more, whose size lies in such a header
 */
export function* readTar(archive: Uint8Array, name: string): Generator<TarEntry> {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('utf8')
      .split('\0', 1)[0] ?? '';
  /** The name that an extended header gives the file after it. */
  let longName: string | undefined;
  const damagedAt = (at: number): FormatError =>
    new FormatError(`${name}: damaged tar archive at byte ${at}`, {
      advice: 'Fetch or make it again, or unpack it and give the folder.',
    });
  let at = 0;
  while (at + block <= archive.length) {
    const header = archive.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return;
    const checksum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
    const size = parseInt(text(at + 124, 12).trim() || '0', 8);
    // A comparison that is false for a size that is no number.
    const fits = at + block + size <= archive.length;
    if (parseInt(text(at + 148, 8).trim(), 8) !== checksum || !fits) throw damagedAt(at);
    const type = String.fromCharCode(header[156] ?? 0);
    const prefix = text(at + 345, 155);
    const entry = text(at, 100);
    at += block;
    const content = archive.subarray(at, at + size);
    at += Math.ceil(size / block) * block;
    if (type === 'L') longName = text(content.byteOffset - archive.byteOffset, size);
    else if (type === 'x') {
      const records = paxRecords(content, name);
      if (records.has('size')) {
        throw new FormatError(`${name}: a file in this tar archive has its size in an extended header`, {
          advice: 'Unpack it and give the folder.',
        });
      }
      longName = records.get('path') ?? longName;
    } else if (type !== 'g' && type !== 'K') {
      const short = prefix === '' ? entry : `${prefix}/${entry}`;
      if (type === '0' || type === '\0') yield { name: longName ?? short, content };
      longName = undefined;
    }
  }
  if (at < archive.length || longName !== undefined) throw damagedAt(Math.min(at, archive.length));
}

/** Records of "length key=value\n", the length being that of the whole record in bytes. */
function paxRecords(content: Uint8Array, name: string): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const length = /^\d+(?= )/.exec(Buffer.from(content.subarray(at, at + 12)).toString('latin1'))?.[0] ?? '0';
    const end = at + Number(length);
    const record = Buffer.from(content.subarray(at + length.length + 1, end - 1)).toString('utf8');
    const equals = record.indexOf('=');
    if (Number(length) < 5 || end > content.length || equals < 1) {
      throw new FormatError(`${name}: a damaged extended header in this tar archive`, {
        advice: 'Unpack it with tar, which says more, and give the folder.',
      });
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}
