import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DataError, FormatError } from '../errors.js';
import { writeFileAtomically, type WritableFile } from '../runtime/atomic-file.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { tokenizerHash, type TokenStore } from './token-store.js';

/**
 * The file: the tokens, little-endian; the end of every document (the number of tokens up to there) as float64; the
 * header as JSON; the header's length as uint32; these eight letters. The header is behind the tokens because it counts
 * them, and the file is written in one pass.
 */
const magic = 'DSCTOKEN';
const tailLength = 4 + magic.length;

export interface TokenFileHeader {
  readonly version: 1;
  readonly dtype: 'uint16' | 'uint32';
  readonly tokens: number;
  readonly documents: number;
  readonly vocabSize: number;
  /** SHA-256 of the tokenizer that made the ids. */
  readonly tokenizer: string;
  /** SHA-256 of the tokens' bytes: names the data in a lineage. */
  readonly sha256: string;
}

/** Appends tokens to a token file under construction. */
export class TokenWriter {
  readonly #file: WritableFile;
  readonly #vocabSize: number;
  readonly #tokenizer: string;
  readonly #hash: Hash = createHash('sha256');
  readonly #buffer: Uint16Array | Uint32Array;
  readonly #documentEnds: number[] = [];
  #buffered = 0;
  #tokens = 0;

  constructor(file: WritableFile, tokenizer: Pick<Tokenizer, 'toJSON' | 'vocabSize'>) {
    this.#file = file;
    this.#vocabSize = tokenizer.vocabSize;
    this.#tokenizer = tokenizerHash(tokenizer);
    this.#buffer = this.#vocabSize <= 2 ** 16 ? new Uint16Array(2 ** 19) : new Uint32Array(2 ** 18);
  }

  get tokens(): number {
    return this.#tokens;
  }

  get documents(): number {
    return this.#documentEnds.length;
  }

  async append(ids: ArrayLike<number>): Promise<void> {
    for (let i = 0; i < ids.length; i++) {
      if (this.#buffered === this.#buffer.length) await this.#flush();
      this.#buffer[this.#buffered++] = ids[i]!;
    }
    this.#tokens += ids.length;
  }

  /** Marks the end of a document after the tokens appended so far. */
  endDocument(): void {
    this.#documentEnds.push(this.#tokens);
  }

  async finish(): Promise<void> {
    await this.#flush();
    const header: TokenFileHeader = {
      version: 1,
      dtype: this.#buffer instanceof Uint16Array ? 'uint16' : 'uint32',
      tokens: this.#tokens,
      documents: this.#documentEnds.length,
      vocabSize: this.#vocabSize,
      tokenizer: this.#tokenizer,
      sha256: this.#hash.digest('hex'),
    };
    const json = Buffer.from(JSON.stringify(header));
    const tail = Buffer.alloc(tailLength);
    tail.writeUInt32LE(json.length);
    tail.write(magic, 4, 'latin1');
    await this.#file.write(new Uint8Array(Float64Array.from(this.#documentEnds).buffer));
    await this.#file.write(Buffer.concat([json, tail]));
  }

  async #flush(): Promise<void> {
    const bytes = new Uint8Array(this.#buffer.buffer, 0, this.#buffered * this.#buffer.BYTES_PER_ELEMENT);
    this.#hash.update(bytes);
    await this.#file.write(bytes);
    this.#buffered = 0;
  }
}

/** Writes a token file in one pass; it appears under its name only when it is complete. */
export function writeTokenFile(
  path: string,
  tokenizer: Pick<Tokenizer, 'toJSON' | 'vocabSize'>,
  write: (writer: TokenWriter) => Promise<void>,
): Promise<void> {
  return writeFileAtomically(path, async (file) => {
    const writer = new TokenWriter(file, tokenizer);
    await write(writer);
    await writer.finish();
  });
}

/** A token file open for reading by position: memory use does not grow with the file. */
export class TokenFile implements TokenStore {
  readonly name: string;
  readonly header: TokenFileHeader;
  readonly #descriptor: number;
  readonly #bytesPerToken: 2 | 4;
  #scratch: Uint16Array | Uint32Array;

  /**
   * @param options.tokenizer the tokenizer of the model to be trained, to be held against the one that made the file
   * @throws DataError when the file is missing or was made with another tokenizer, FormatError when it is damaged
   */
  static open(options: { path: string; tokenizer?: Pick<Tokenizer, 'toJSON' | 'vocabSize'> }): TokenFile {
    const { path, tokenizer } = options;
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r');
    } catch (cause) {
      throw new DataError(`${path}: this token file cannot be opened`, {
        advice: 'Make it with descent data prepare, or check the path.',
        cause,
      });
    }
    try {
      const header = readHeader(descriptor, path);
      if (tokenizer !== undefined) requireTokenizer(path, header, tokenizer);
      return new TokenFile(path, descriptor, header);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  private constructor(path: string, descriptor: number, header: TokenFileHeader) {
    this.name = path;
    this.header = header;
    this.#descriptor = descriptor;
    this.#bytesPerToken = header.dtype === 'uint16' ? 2 : 4;
    this.#scratch = this.#bytesPerToken === 2 ? new Uint16Array(0) : new Uint32Array(0);
  }

  get length(): number {
    return this.header.tokens;
  }

  readInto(start: number, target: Int32Array): void {
    if (start < 0 || start + target.length > this.length) {
      throw new DataError(`${this.name}: tokens ${start} to ${start + target.length} of ${this.length} do not exist`);
    }
    if (this.#scratch.length < target.length) {
      const Words = this.#bytesPerToken === 2 ? Uint16Array : Uint32Array;
      this.#scratch = new Words(target.length);
    }
    const bytes = new Uint8Array(this.#scratch.buffer, 0, target.length * this.#bytesPerToken);
    readFully(this.#descriptor, bytes, start * this.#bytesPerToken, this.name);
    for (let i = 0; i < target.length; i++) target[i] = this.#scratch[i]!;
  }

  /** For every document the number of tokens up to its end; the first begins at 0. */
  readDocumentEnds(): Float64Array {
    const ends = new Float64Array(this.header.documents);
    readFully(this.#descriptor, new Uint8Array(ends.buffer), this.length * this.#bytesPerToken, this.name);
    return ends;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function readHeader(descriptor: number, path: string): TokenFileHeader {
  const size = fstatSync(descriptor).size;
  const damaged = (why: string, cause?: unknown): FormatError =>
    new FormatError(`${path}: not a complete token file (${why})`, {
      advice: 'Make it again with descent data prepare.',
      cause,
    });
  if (size < tailLength) throw damaged('too short');
  const tail = Buffer.alloc(tailLength);
  readFully(descriptor, tail, size - tailLength, path);
  if (tail.toString('latin1', 4) !== magic) throw damaged('its end is not that of a token file');
  const json = Buffer.alloc(Math.min(tail.readUInt32LE(), size - tailLength));
  readFully(descriptor, json, size - tailLength - json.length, path);
  let header: TokenFileHeader;
  try {
    header = JSON.parse(json.toString('utf8')) as TokenFileHeader;
  } catch (cause) {
    throw damaged('its header is not JSON', cause);
  }
  if ((header.version as number) !== 1) throw damaged(`version ${header.version} is not known to this Descent`);
  const bytes = header.tokens * (header.dtype === 'uint16' ? 2 : 4) + header.documents * 8;
  if (bytes + json.length + tailLength !== size) throw damaged('its size does not fit its header');
  return header;
}

function requireTokenizer(
  path: string,
  header: TokenFileHeader,
  tokenizer: Pick<Tokenizer, 'toJSON' | 'vocabSize'>,
): void {
  if (header.tokenizer === tokenizerHash(tokenizer)) return;
  throw new DataError(
    `${path}: made with another tokenizer (vocabulary ${header.vocabSize}) than the one given ` +
      `(vocabulary ${tokenizer.vocabSize}); its ids would mean other words`,
    { advice: 'Prepare the data again with this tokenizer, or give the tokenizer that the data was prepared with.' },
  );
}

function readFully(descriptor: number, target: Uint8Array, position: number, path: string): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(descriptor, target, done, target.length - done, position + done);
    if (count === 0) throw new FormatError(`${path}: the file became shorter while it was read`);
    done += count;
  }
}
