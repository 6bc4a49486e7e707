import { FormatError } from '../errors.js';
import { type FileSystem, nodeFileSystem, writeFileAtomically } from '../runtime/atomic-file.js';
import { narrowFloat16 } from '../runtime/float16.js';
import { sizeOf } from '../tensor/define.js';

/**
 * The file format of llama.cpp (GGUF, version 3): one file with everything a model needs. Little-endian: a count of
 * tensors and of metadata, the metadata as typed keys and values, name, shape, type and place of each tensor, then their
 * data, each from a multiple of 32 bytes on.
 */

/** A number is stored as an unsigned integer of 32 bits, unless it is said to be a float. */
export type GgufValue = string | boolean | number | { readonly float32: number } | readonly string[] | Int32Array;

const tensorTypes = { F32: { id: 0, bytes: 4 }, F16: { id: 1, bytes: 2 } } as const;
export type GgufTensorType = keyof typeof tensorTypes;

export interface GgufTensor {
  readonly name: string;
  readonly type: GgufTensorType;
  /** The last axis lies densely in memory; the file lists it first. */
  readonly shape: readonly number[];
  /** The elements, when their turn comes, so that only one tensor is in memory twice. */
  readonly data: () => Float32Array;
}

const ALIGNMENT = 32;
const VERSION = 3;
/** Ids of the types of values. */
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

/**
 * Writes a file that takes its name only when it is complete. Returns its size in bytes.
 *
 * @throws FormatError when a number is not one of 32 bits, or a tensor's data have not the size of its shape
 */
export async function writeGguf(options: {
  readonly path: string;
  readonly metadata: Readonly<Record<string, GgufValue>>;
  readonly tensors: readonly GgufTensor[];
  readonly signal?: AbortSignal;
  readonly fileSystem?: FileSystem;
}): Promise<number> {
  const { path, metadata, tensors, signal, fileSystem = nodeFileSystem } = options;
  const header = new Bytes();
  header.raw(new TextEncoder().encode('GGUF'));
  header.uint32(VERSION);
  header.uint64(tensors.length);
  header.uint64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    header.string(key);
    writeValue(header, value, `${path}: ${key}`);
  }
  let offset = 0;
  for (const { name, type, shape } of tensors) {
    header.string(name);
    header.uint32(shape.length);
    for (const length of shape.toReversed()) header.uint64(length);
    header.uint32(tensorTypes[type].id);
    header.uint64(offset);
    offset += aligned(sizeOf(shape) * tensorTypes[type].bytes);
  }
  const start = aligned(header.length);
  await writeFileAtomically(
    path,
    async (file) => {
      await file.write(padded(header.joined()));
      for (const { name, type, shape, data } of tensors) {
        signal?.throwIfAborted();
        const values = data();
        if (values.length !== sizeOf(shape)) {
          throw new FormatError(
            `${path}: tensor "${name}" has ${values.length} elements, its shape [${shape.join(', ')}] needs ${sizeOf(shape)}`,
          );
        }
        const elements = type === 'F16' ? narrowFloat16(values) : values;
        await file.write(padded(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)));
      }
    },
    fileSystem,
  );
  return start + offset;
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % ALIGNMENT === 0) return bytes;
  const longer = new Uint8Array(aligned(bytes.length));
  longer.set(bytes);
  return longer;
}

function writeValue(bytes: Bytes, value: GgufValue, where: string): void {
  if (typeof value === 'string') {
    bytes.uint32(STRING);
    bytes.string(value);
  } else if (typeof value === 'boolean') {
    bytes.uint32(BOOL);
    bytes.raw(Uint8Array.of(value ? 1 : 0));
  } else if (typeof value === 'number') {
    if (value >>> 0 !== value) throw new FormatError(`${where}: ${value} is no unsigned integer of 32 bits`);
    bytes.uint32(UINT32);
    bytes.uint32(value);
  } else if (value instanceof Int32Array) {
    bytes.uint32(ARRAY);
    bytes.uint32(INT32);
    bytes.uint64(value.length);
    bytes.raw(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if ('float32' in value) {
    bytes.uint32(FLOAT32);
    bytes.raw(new Uint8Array(Float32Array.of(value.float32).buffer));
  } else {
    bytes.uint32(ARRAY);
    bytes.uint32(STRING);
    bytes.uint64(value.length);
    for (const text of value) bytes.string(text);
  }
}

/** Bytes that are put down one after the other. */
class Bytes {
  readonly #parts: Uint8Array[] = [];
  readonly #utf8 = new TextEncoder();
  length = 0;

  raw(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  uint32(value: number): void {
    this.raw(new Uint8Array(Uint32Array.of(value).buffer));
  }

  uint64(value: number): void {
    this.raw(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  string(text: string): void {
    const bytes = this.#utf8.encode(text);
    this.uint64(bytes.length);
    this.raw(bytes);
  }

  joined(): Uint8Array {
    return Buffer.concat(this.#parts, this.length);
  }
}
