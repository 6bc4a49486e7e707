import { readFile } from 'node:fs/promises';
import { decodePicture } from '../../data/images/decode.js';
import type { ImageShape } from '../../data/images/image-set.js';
import { DataError } from '../../errors.js';
import type { Invocation } from '../command.js';
import { type DenoisingFlags, type EngineFlags, denoisingOf } from '../flags.js';
import { inpaintingPicture } from '../image-pictures.js';
import { imagesFor, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface InpaintFlags extends EngineFlags, DenoisingFlags {
  readonly mask: string;
  readonly n: number;
  readonly samples: number;
  readonly times: number;
  readonly temperature: number;
  readonly seed: number;
  readonly out: string;
}

export async function inpaintCommand(invocation: Invocation<InpaintFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { mask, n: count, samples, times, temperature, seed, out } = flags;
  await withImageModel(flags, positional[0]!, async (open) => {
    const drawn = await maskFor(mask, open.images);
    const images = await imagesFor(open, positional[1], { signal });
    const asked = { count, drawn, samples, times, temperature, seed, ...denoisingOf(flags), signal };
    const canvas = await inpaintingPicture(open, images, asked);
    const shown = Math.min(count, images.count);
    await answerWithPicture(invocation, { out, canvas, images: shown, samples, mask, temperature, seed });
  });
}

type Inside = (x: number, y: number) => boolean;

/** Whether a place, from 0 to 1 each way, is drawn anew. */
const shapes: Readonly<Record<string, Inside>> = {
  upper: (_, y) => y < 0.5,
  lower: (_, y) => y >= 0.5,
  left: (x) => x < 0.5,
  right: (x) => x >= 0.5,
  centre: (x, y) => Math.abs(x - 0.5) < 0.25 && Math.abs(y - 0.5) < 0.25,
};

/** 1 for each pixel that is drawn anew. @throws DataError for a picture that is no mask of such images */
async function maskFor(name: string, { height, width }: ImageShape): Promise<Uint8Array> {
  const inside = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  if (inside !== undefined) {
    return Uint8Array.from({ length: height * width }, (_, at) =>
      Number(inside(((at % width) + 0.5) / width, (Math.floor(at / width) + 0.5) / height)),
    );
  }
  const bytes = await readFile(name).catch((cause: unknown) => {
    throw new DataError(`--mask ${name}: there is no such picture`, {
      cause,
      advice: `It is a file, or one of ${Object.keys(shapes).join(', ')}.`,
    });
  });
  const picture = await decodePicture(bytes, name);
  if (picture.height !== height || picture.width !== width) {
    throw new DataError(`--mask ${name} is ${picture.width} x ${picture.height}, the images are ${width} x ${height}`, {
      advice: 'Give a mask of the size of the images, white where they are to be drawn anew.',
    });
  }
  return Uint8Array.from(picture.pixels.subarray(0, height * width), (grey) => Number(grey >= 128));
}
