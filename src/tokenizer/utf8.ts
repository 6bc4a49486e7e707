/** UTF-8 as the encoder needs it: where bytes are text and where they are not. */

/** Length of the valid UTF-8 sequence at `index`, or 0 where there is none (Unicode 15, table 3-7). */
function sequenceLength(bytes: Uint8Array, index: number): number {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let offset = 1; offset < length; offset++) {
    const byte = bytes[index + offset] ?? 0;
    const low = offset > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = offset > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

export interface ByteRun {
  start: number;
  end: number;
  isText: boolean;
}

/** Cuts bytes into the longest runs that are valid UTF-8, and the runs between them that are not. */
export function* byteRuns(bytes: Uint8Array): Generator<ByteRun> {
  let start = 0;
  while (start < bytes.length) {
    const isText = sequenceLength(bytes, start) > 0;
    let end = start;
    while (end < bytes.length) {
      const length = sequenceLength(bytes, end);
      if (length > 0 !== isText) break;
      end += isText ? length : 1;
    }
    yield { start, end, isText };
    start = end;
  }
}

/** A decoder that keeps a byte order mark as the character it is. */
export function utf8Decoder(options: { fatal?: boolean } = {}): InstanceType<typeof TextDecoder> {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: options.fatal ?? false });
}
