import { DataError } from '../../errors.js';
import type { ImageSet } from './image-set.js';

/**
 * Pixels and nothing else: rows of red, green and blue bytes (or grey ones), image after image, in a file whose name
 * says their size, e.g. `emoji32_rgb.bin`, `faces64x48_rgb.bin` (width first) or `scans28_grey.bin`.
 */
const pattern = /(\d+)(?:x(\d+))?_(rgb|grey)\.bin$/i;

export const isRawName = (name: string): boolean => pattern.test(name);

/** @throws DataError when the file is not a whole number of images */
export function imagesFromRaw(bytes: Uint8Array, name: string, file: string): ImageSet {
  const [, across, down = across, kind] = pattern.exec(name)!;
  const [width, height, channels] = [Number(across), Number(down), kind!.toLowerCase() === 'rgb' ? 3 : 1];
  const size = channels * height * width;
  if (size === 0 || bytes.length === 0 || bytes.length % size !== 0) {
    throw new DataError(`${file}: ${bytes.length} bytes are not a whole number of images of ${width} x ${height}`, {
      advice: `By its name each image has ${size} bytes: a pixel's ${channels === 3 ? 'red, green and blue' : 'grey'}, row by row.`,
    });
  }
  const count = bytes.length / size;
  const plane = height * width;
  const pixels = new Uint8Array(bytes.length);
  for (let image = 0; image < count; image++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      for (let channel = 0; channel < channels; channel++)
        pixels[image * size + channel * plane + pixel] = bytes[image * size + pixel * channels + channel]!;
    }
  }
  return { name: file, count, channels, height, width, pixels };
}
