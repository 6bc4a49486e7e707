import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counterRandom } from '../tensor/random.js';

/** A small data set for tests: bars across, bars down, and blank images. */

export const barSide = 12;
const side = barSide;

const idx = (shape: number[], data: Uint8Array): Uint8Array =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, length >> 8, length & 255]), ...data]);

async function writePart(folder: string, name: string, count: number, seed: number): Promise<void> {
  const random = counterRandom(seed, 'bars', 0);
  const pixels = new Uint8Array(count * side * side);
  const labels = Uint8Array.from({ length: count }, (_, index) => Math.floor((3 * index) / count));
  labels.forEach((label, image) => {
    const place = 2 + Math.floor(random() * (side - 4));
    for (let at = 0; at < side * side; at++) {
      const line = label === 0 ? Math.floor(at / side) : at % side;
      const lit = label < 2 && Math.abs(line - place) < 2;
      pixels[image * side * side + at] = (lit ? 180 : 0) + Math.floor(random() * 60);
    }
  });
  await writeFile(join(folder, `${name}-idx3-ubyte`), idx([count, side, side], pixels));
  await writeFile(join(folder, `${name}-idx1-ubyte`), idx([count], labels));
}

/** 240 images to train on and 90 to test on, as idx files. */
export async function writeBars(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writePart(folder, 'train', 240, 1);
  await writePart(folder, 't10k', 90, 2);
}
