import { ConfigError } from '../../errors.js';
import type { Invocation } from '../command.js';
import { type DenoisingFlags, type EngineFlags, denoisingOf } from '../flags.js';
import { completionPicture } from '../image-pictures.js';
import { imagesFor, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface CompleteFlags extends EngineFlags, DenoisingFlags {
  readonly keep: number;
  readonly n: number;
  readonly samples: number;
  readonly temperature: number;
  readonly seed: number;
  readonly out: string;
}

export async function completeCommand(invocation: Invocation<CompleteFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { keep, n: count, samples, temperature, seed, out } = flags;
  if (keep > 1) throw new ConfigError(`--keep ${keep}: a share is at most 1`, { advice: 'Half an image is 0.5.' });
  await withImageModel(flags, positional[0]!, async (open) => {
    const images = await imagesFor(open, positional[1], { signal });
    const asked = { count, keep, samples, temperature, seed, ...denoisingOf(flags), signal };
    const canvas = await completionPicture(open, images, asked);
    const shown = Math.min(count, images.count);
    await answerWithPicture(invocation, { out, canvas, images: shown, samples, keep, temperature, seed });
  });
}
