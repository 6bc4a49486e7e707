import { open, type FileHandle } from 'node:fs/promises';
import { FormatError } from '../errors.js';
import { nodeFileSystem, writeFileAtomically, type FileSystem } from './atomic-file.js';
import { widenFloat16 } from './float16.js';

/**
 * The safetensors file format: a 64-bit little-endian header length, a JSON header that names every tensor's dtype,
 * shape and byte range, then the raw bytes. Nothing in such a file is executed, and every number of the header is
 * checked against the file's true size before anything is allocated.
 */

const bytesPerElement = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Element types of the format. F16 and BF16 are held as their bits in a Uint16Array. */
export type SafetensorsType = keyof typeof bytesPerElement;

export type SafetensorsData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface TensorEntry {
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  /** Byte range within the data that follows the header. */
  readonly begin: number;
  readonly end: number;
}

export interface TensorToWrite {
  readonly name: string;
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  /** The elements, or a function that produces them when their turn comes, so that only one tensor is in memory. */
  readonly data: SafetensorsData | (() => SafetensorsData | Promise<SafetensorsData>);
}

/** The reference implementation's bound on the header. */
const maxHeaderBytes = 100_000_000;
const maxRank = 32;
/** One read or write call moves at most this much: Node refuses 2 GiB and more. */
const chunkBytes = 1 << 26;

/**
 * Writes tensors in the order given, through a temporary file that takes the name `path` only when it is complete and
 * synced to the disk.
 *
 * @throws FormatError when a tensor's data does not have the size that its shape says; DescentError when the disk is
 *   full. In both cases the previous file at `path` is untouched.
 */
export async function writeSafetensors(options: {
  readonly path: string;
  readonly tensors: readonly TensorToWrite[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fileSystem?: FileSystem;
}): Promise<void> {
  const { path, tensors, metadata, fileSystem = nodeFileSystem } = options;
  const header: [string, unknown][] = metadata === undefined ? [] : [['__metadata__', metadata]];
  const names = new Set<string>(['__metadata__']);
  let offset = 0;
  for (const { name, type, shape } of tensors) {
    if (names.has(name)) throw new FormatError(`${path}: tensor "${name}" cannot be written: the name is taken.`);
    names.add(name);
    const end = offset + byteLength(type, shape, `${path}: tensor "${name}"`);
    header.push([name, { dtype: type, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  // Spaces after the JSON bring the data to a multiple of 8 bytes, as the format asks.
  const json = JSON.stringify(Object.fromEntries(header));
  const bytes = new TextEncoder().encode(json);
  const paddedLength = Math.ceil(bytes.length / 8) * 8;
  if (paddedLength > maxHeaderBytes) {
    throw new FormatError(`${path}: a header of ${paddedLength} bytes passes the format's limit of ${maxHeaderBytes}.`);
  }
  const start = new Uint8Array(8 + paddedLength).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(paddedLength), true);
  start.set(bytes, 8);

  await writeFileAtomically(
    path,
    async (file) => {
      await file.write(start);
      for (const { name, type, shape, data } of tensors) {
        const elements = typeof data === 'function' ? await data() : data;
        const expected = byteLength(type, shape, name);
        if (elements.byteLength !== expected || elements.BYTES_PER_ELEMENT !== bytesPerElement[type]) {
          throw new FormatError(
            `${path}: tensor "${name}" has ${elements.byteLength} bytes of data, its shape [${shape.join(', ')}] and ` +
              `type ${type} need ${expected}.`,
          );
        }
        const view = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
        for (let at = 0; at < view.length; at += chunkBytes) await file.write(view.subarray(at, at + chunkBytes));
      }
    },
    fileSystem,
  );
}

/** An open safetensors file: its header is checked, its tensors are read when asked for. */
export class SafetensorsFile {
  readonly path: string;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #handle: FileHandle;
  readonly #dataStart: number;

  private constructor(path: string, handle: FileHandle, header: Header) {
    this.path = path;
    this.#handle = handle;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.#dataStart = header.dataStart;
  }

  /** @throws FormatError that names the file and the tensor when anything in the header is not as it must be. */
  static async open(path: string): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw new FormatError(`${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
        advice: 'Is it there, and may this user read it?',
      });
    }
    try {
      return new SafetensorsFile(path, handle, await readHeader(path, handle));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The elements of one tensor; F16 and BF16 as their bits. */
  async read(name: string): Promise<SafetensorsData> {
    const { type, begin, end } = this.#entry(name);
    const bytes = new Uint8Array(end - begin);
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(chunkBytes, bytes.length - at);
      const { bytesRead } = await this.#handle.read(bytes, at, length, this.#dataStart + begin + at);
      if (bytesRead === 0) {
        throw malformed(`${this.path}: tensor "${name}": the file ends before the tensor does.`);
      }
      at += bytesRead;
    }
    return asElements(type, bytes.buffer);
  }

  /** The elements of one floating-point tensor, widened (or, from F64, rounded) to float32. */
  async readFloat32(name: string): Promise<Float32Array> {
    const { type } = this.#entry(name);
    const data = await this.read(name);
    if (data instanceof Float32Array) return data;
    if (data instanceof Float64Array) return Float32Array.from(data);
    if (data instanceof Uint16Array && type === 'BF16') return widenBfloat16(data);
    if (data instanceof Uint16Array && type === 'F16') return widenFloat16(data);
    throw new FormatError(`${this.path}: tensor "${name}" is of type ${type}, a floating-point type is needed.`);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #entry(name: string): TensorEntry {
    const entry = this.tensors.get(name);
    if (entry === undefined) throw new FormatError(`${this.path} holds no tensor "${name}".`);
    return entry;
  }
}

interface Header {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly dataStart: number;
}

async function readHeader(path: string, handle: FileHandle): Promise<Header> {
  const { size } = await handle.stat();
  if (size < 8) throw malformed(`${path} is not a safetensors file: it has ${size} bytes, fewer than 8.`);
  const lengthBytes = new Uint8Array(8);
  await handle.read(lengthBytes, 0, 8, 0);
  const declared = new DataView(lengthBytes.buffer).getBigUint64(0, true);
  if (declared > BigInt(Math.min(maxHeaderBytes, size - 8))) {
    throw new FormatError(
      `${path} is not a whole safetensors file: its header claims ${declared} bytes, the file has ${size}.`,
      { advice: 'Was it cut short, or is it a file of another format?' },
    );
  }
  const length = Number(declared);
  const bytes = new Uint8Array(length);
  await handle.read(bytes, 0, length, 8);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformed(`${path}: the header is not JSON.`, error);
  }
  if (!isRecord(json)) throw malformed(`${path}: the header is not a JSON object.`);
  return { ...checkHeader(path, json, size - 8 - length), dataStart: 8 + length };
}

function checkHeader(path: string, json: Record<string, unknown>, dataBytes: number): Omit<Header, 'dataStart'> {
  let metadata: Record<string, string> = {};
  const entries: [string, TensorEntry][] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (!isRecord(value)) throw malformed(`${path}: __metadata__ is not an object.`);
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') throw malformed(`${path}: __metadata__["${key}"] is not a string.`);
      }
      metadata = value as Record<string, string>;
    } else {
      entries.push([name, checkEntry(`${path}: tensor "${name}"`, value)]);
    }
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const [name, entry] of entries) {
    if (entry.begin !== end) {
      throw malformed(
        `${path}: tensor "${name}" begins at byte ${entry.begin} of the data, the one before it ends at ${end}.`,
      );
    }
    end = entry.end;
  }
  if (end !== dataBytes) {
    throw new FormatError(`${path}: the header describes ${end} bytes of data, the file has ${dataBytes}.`, {
      advice: end > dataBytes ? 'The file was cut short; fetch or write it again.' : undefined,
    });
  }
  return { tensors: new Map(entries), metadata };
}

function checkEntry(where: string, value: unknown): TensorEntry {
  if (!isRecord(value)) throw malformed(`${where}: its header entry is not an object.`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerElement, dtype)) {
    throw malformed(
      `${where}: dtype ${JSON.stringify(dtype)} is not one of ${Object.keys(bytesPerElement).join(', ')}.`,
    );
  }
  const type = dtype as SafetensorsType;
  if (!isSizes(shape)) throw malformed(`${where}: its shape is not a list of non-negative integers.`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw malformed(`${where}: its data_offsets are not two non-negative integers.`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = byteLength(type, shape, where);
  if (end - begin !== expected) {
    throw malformed(
      `${where}: shape [${shape.join(', ')}] of ${type} needs ${expected} bytes, data_offsets give ${end - begin}.`,
    );
  }
  return { type, shape, begin, end };
}

/** What does not follow the format was not written by it whole. */
const malformed = (message: string, cause?: unknown): FormatError =>
  new FormatError(message, {
    advice: 'It is damaged, cut short, or of another format: copy, fetch or write it again.',
    cause,
  });

/** Bytes of a tensor; refuses what no file could hold. */
function byteLength(type: SafetensorsType, shape: readonly number[], where: string): number {
  const bytes = shape.reduce((product, length) => product * length, bytesPerElement[type]);
  if (shape.length > maxRank || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new FormatError(`${where}: shape [${shape.slice(0, maxRank).join(', ')}] is too large.`);
  }
  return bytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

// The format is little-endian, as is every machine that ONNX Runtime is built for.
function asElements(type: SafetensorsType, buffer: ArrayBuffer): SafetensorsData {
  switch (type) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
    case 'BF16':
    case 'U16':
      return new Uint16Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U64':
      return new BigUint64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'I16':
      return new Int16Array(buffer);
    case 'I8':
      return new Int8Array(buffer);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer);
  }
}

function widenBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return new Float32Array(words.buffer);
}
