import type { Invocation } from '../command.js';
import type { EngineFlags, SkipBadFlags } from '../flags.js';
import { reconstructionPicture, restorationPicture } from '../image-pictures.js';
import { imagesFor, readingOf, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface ReconstructFlags extends EngineFlags, SkipBadFlags {
  readonly n: number;
  readonly out: string;
}

export async function reconstructCommand(invocation: Invocation<ReconstructFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { n: count, out } = flags;
  await withImageModel(flags, positional[0]!, async (open) => {
    const images = await imagesFor(open, positional[1], readingOf(invocation));
    // What makes damaged images whole shows most when it is given some.
    const draw = open.model.restorer === undefined ? reconstructionPicture : restorationPicture;
    const canvas = await draw(open, images, { count, signal });
    await answerWithPicture(invocation, { out, canvas, images: Math.min(count, images.count) });
  });
}
