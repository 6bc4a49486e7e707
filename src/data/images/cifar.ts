import { DataError } from '../../errors.js';
import type { ImageSet } from './image-set.js';

/** CIFAR-10's binary layout: records of a label and 32 x 32 pixels, one colour plane after the other. */
const side = 32;
const record = 1 + 3 * side * side;

const cifarNames = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

/** Whether so many bytes can be of this layout. */
const isCifarSize = (bytes: number): boolean => bytes > 0 && bytes % record === 0;

/** @throws DataError when the file is not a whole number of records, or a label is none of the ten */
export function imagesFromCifar(bytes: Uint8Array, file: string): ImageSet {
  if (!isCifarSize(bytes.length)) {
    throw new DataError(`${file}: ${bytes.length} bytes are not a whole number of records of ${record}`, {
      advice: "CIFAR-10's binary version is read here: a byte for the label, then 3,072 for the image.",
    });
  }
  const count = bytes.length / record;
  const pixels = new Uint8Array(count * (record - 1));
  const labels = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const label = bytes[index * record]!;
    if (label >= cifarNames.length)
      throw new DataError(`${file}: image ${index} has the label ${label}, there are ten`);
    labels[index] = label;
    pixels.set(bytes.subarray(index * record + 1, (index + 1) * record), index * (record - 1));
  }
  return { name: file, count, channels: 3, height: side, width: side, pixels, labels, labelNames: cifarNames };
}
