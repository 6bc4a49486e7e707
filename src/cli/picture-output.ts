import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Canvas, encodePng } from '../formats/pictures.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import type { Invocation } from './command.js';
import { preview } from './preview.js';

/** The end of a command that draws: the picture in a file and, where somebody looks, in the terminal; then `lines`. */
export async function answerWithPicture(
  { answer, json }: Pick<Invocation<unknown>, 'answer' | 'json'>,
  picture: { out: string; canvas: Canvas; lines?: readonly string[] } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const { out, canvas, lines = [], ...rest } = picture;
  await writePicture(out, encodePng(canvas));
  const { isTTY, columns } = process.stdout;
  const shown = json ? undefined : preview(canvas, { isTTY, columns, environment: process.env });
  answer(
    { picture: out, width: canvas.width, height: canvas.height, ...rest },
    [shown, out, ...lines].filter(Boolean).join('\n'),
  );
}

export async function writePicture(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomically(path, bytes);
}
