import { familyTree, readFamily } from '../../formats/lineage.js';
import type { Invocation } from '../command.js';
import { familyPicture } from '../family-picture.js';
import { writePicture } from '../picture-output.js';
import { findModel } from '../session.js';

export interface LineageFlags {
  readonly out?: string;
}

export async function lineageCommand({ positional, flags, answer }: Invocation<LineageFlags>): Promise<void> {
  const folder = findModel(positional[0]!);
  const family = await readFamily(folder);
  const { out } = flags;
  if (out !== undefined) await writePicture(out, Buffer.from(familyPicture(family)));
  answer(
    { ...family, ...(out !== undefined && { picture: out }) },
    [await familyTree(folder), out].filter(Boolean).join('\n'),
  );
}
