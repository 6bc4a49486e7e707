import { ConfigError } from '../../errors.js';
import type { Invocation } from '../command.js';
import { type DenoisingFlags, type EngineFlags, type SkipBadFlags, denoisingOf } from '../flags.js';
import { completionStrip } from '../image-pictures.js';
import { imagesFor, readingOf, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface CompleteFlags extends EngineFlags, SkipBadFlags, DenoisingFlags {
  readonly keep: number;
  readonly n: number;
  readonly samples: number;
  readonly temperature: number;
  readonly seed: number;
  readonly out: string;
  readonly animate?: string;
}

export async function completeCommand(invocation: Invocation<CompleteFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { keep, n: count, samples, temperature, seed, out, animate: path } = flags;
  if (keep > 1) throw new ConfigError(`--keep ${keep}: a share is at most 1`, { advice: 'Half an image is 0.5.' });
  await withImageModel(flags, positional[0]!, async (open) => {
    const images = await imagesFor(open, positional[1], readingOf(invocation));
    const asked = { count, keep, samples, temperature, seed, ...denoisingOf(flags), signal };
    const { canvas, frames } = await completionStrip(open, images, asked);
    const shown = Math.min(count, images.count);
    const animation = { path, frames, hold: 1500 };
    await answerWithPicture(invocation, { out, canvas, animation, images: shown, samples, keep, temperature, seed });
  });
}
