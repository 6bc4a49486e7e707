import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { counterRandom } from '../tensor/random.js';

/** Grey squares in two folders, one a class: of some the left half is bright, of others the right one. */
export async function makeHalfPictures(folder: string, side: number): Promise<void> {
  const random = counterRandom(1, 'pictures', 0);
  for (const [label, isBright] of [
    ['left', (x: number) => x < side / 2],
    ['right', (x: number) => x >= side / 2],
  ] as const) {
    await mkdir(join(folder, label), { recursive: true });
    for (let index = 0; index < 16; index++) {
      const data = Uint8Array.from({ length: side * side }, (_, i) => (isBright(i % side) ? 200 : 10) + 40 * random());
      const png = encode({ width: side, height: side, channels: 1, data });
      await writeFile(join(folder, label, `${index}.png`), png);
    }
  }
}
