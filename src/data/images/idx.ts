import { DataError } from '../../errors.js';
import type { ImageSet } from './image-set.js';
import { sizeOf } from '../../tensor/define.js';

/** The format of MNIST's files: a magic number with type and rank, the lengths, the numbers (LeCun's description). */

interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an idx file of bytes, unpacked.
 *
 * @throws DataError naming the file when it is another format, of another type, or cut short
 */
export function readIdx(bytes: Uint8Array, file: string): Idx {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (problem: string): DataError =>
    new DataError(`${file}: ${problem}`, { advice: 'Fetch the file again; it should be an idx file of bytes.' });
  if (bytes.length < 8 || view.getUint16(0) !== 0) throw damaged('not an idx file');
  if (bytes[2] !== 8) throw damaged(`an idx file of type 0x${bytes[2]!.toString(16)}, where bytes (0x8) are read`);
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (rank < 1 || bytes.length < start) throw damaged('the header is cut short');
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = sizeOf(shape);
  if (bytes.length !== start + size) {
    throw damaged(`[${shape.join(', ')}] needs ${size} bytes after the header, there are ${bytes.length - start}`);
  }
  return { shape, data: bytes.subarray(start) };
}

/**
 * Images and, where given, labels.
 *
 * @throws DataError when the two files do not belong together
 */
export function imagesFromIdx(
  images: { readonly bytes: Uint8Array; readonly file: string },
  labels?: { readonly bytes: Uint8Array; readonly file: string },
): ImageSet {
  const { shape, data } = readIdx(images.bytes, images.file);
  const [count, height, width] = shape;
  if (shape.length !== 3) throw new DataError(`${images.file} holds [${shape.join(', ')}], not images`);
  const set = { name: images.file, count: count!, channels: 1, height: height!, width: width!, pixels: data };
  if (labels === undefined) return set;
  const read = readIdx(labels.bytes, labels.file);
  if (read.shape.length !== 1 || read.shape[0] !== count) {
    throw new DataError(`${labels.file} holds [${read.shape.join(', ')}], and ${images.file} has ${count} images`, {
      advice: 'Give the labels of these images.',
    });
  }
  return { ...set, labels: Int32Array.from(read.data) };
}
