import { readFile } from 'node:fs/promises';

/** How many frames a GIF has: each is announced by a graphic control extension. */
export async function gifFrames(path: string): Promise<number> {
  const bytes = await readFile(path);
  if (bytes.subarray(0, 6).toString() !== 'GIF89a') throw new Error(`${path} is no GIF`);
  return bytes.toString('latin1').split('\x21\xf9\x04').length - 1;
}
