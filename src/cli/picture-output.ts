import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AnimationOptions, encodeGif } from '../formats/animation.js';
import { type Canvas, encodePng } from '../formats/pictures.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import type { Invocation } from './command.js';
import { preview } from './preview.js';

/** A picture that moves, if somebody asked for it. */
export interface Animation extends AnimationOptions {
  /** Where it goes; undefined: nowhere. */
  readonly path: string | undefined;
  readonly frames: () => readonly Canvas[] | Promise<readonly Canvas[]>;
}

/** From the first of so many steps to the last, and back to the second. */
export const thereAndBack = (steps: number): number[] => [
  ...Array.from({ length: steps }, (_, step) => step),
  ...Array.from({ length: Math.max(0, steps - 2) }, (_, step) => steps - 2 - step),
];

/**
 * The end of a command that draws: the picture in a file and, where somebody looks, in the terminal; then `lines`. Its
 * animation goes into a file of its own.
 */
export async function answerWithPicture(
  { answer, json }: Pick<Invocation<unknown>, 'answer' | 'json'>,
  picture: { out: string; canvas: Canvas; lines?: readonly string[]; animation?: Animation } & Readonly<
    Record<string, unknown>
  >,
): Promise<void> {
  const { out, canvas, lines = [], animation, ...rest } = picture;
  const { path: animated, frames, ...timing } = animation ?? {};
  await writePicture(out, encodePng(canvas));
  if (animated !== undefined && frames !== undefined) await writePicture(animated, encodeGif(await frames(), timing));
  const { isTTY, columns } = process.stdout;
  const shown = json ? undefined : preview(canvas, { isTTY, columns, environment: process.env });
  answer(
    {
      picture: out,
      width: canvas.width,
      height: canvas.height,
      ...(animated !== undefined && { animation: animated }),
      ...rest,
    },
    [shown, out, animated, ...lines].filter(Boolean).join('\n'),
  );
}

/** Writes a file, and the folders that lead to it. */
export async function writePicture(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomically(path, bytes);
}
