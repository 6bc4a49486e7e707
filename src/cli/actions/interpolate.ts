import { dimensions } from '../../data/images/image-set.js';
import type { Invocation } from '../command.js';
import type { EngineFlags, SkipBadFlags } from '../flags.js';
import { imagesPicture, interpolations, noiseWalks } from '../image-pictures.js';
import { imagesFor, readingOf, withImageModel } from '../open-image-model.js';
import { answerWithPicture, thereAndBack } from '../picture-output.js';

export interface InterpolateFlags extends EngineFlags, SkipBadFlags {
  readonly n: number;
  readonly steps: number;
  readonly seed: number;
  readonly out: string;
  readonly animate?: string;
  readonly denoisingSteps?: number;
}

export async function interpolateCommand(invocation: Invocation<InterpolateFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { n: count, steps, seed, out, animate: path, denoisingSteps } = flags;
  const denoising = { ...(denoisingSteps !== undefined && { steps: denoisingSteps }) };
  await withImageModel(flags, positional[0]!, async (open) => {
    const { codec, denoiser, generative } = open.model;
    // Without a code there is still the noise that images are made of.
    const isWalk = !codec && !denoiser && generative !== undefined && positional[1] === undefined;
    const values = isWalk
      ? await noiseWalks(open, { count, steps, seed, signal })
      : await interpolations(open, await imagesFor(open, positional[1], readingOf(invocation)), {
          count,
          steps,
          denoising,
          signal,
        });
    const canvas = imagesPicture(open, values, { columns: steps });
    const frame = (step: number) => imagesPicture(open, everyNth(values, dimensions(open.images), steps, step));
    const animation = { path, frames: () => thereAndBack(steps).map(frame) };
    await answerWithPicture(invocation, { out, canvas, animation });
  });
}

/** Of rows of images, the column of one step. */
function everyNth(values: Float32Array, size: number, steps: number, step: number): Float32Array {
  const rows = values.length / (size * steps);
  const column = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const start = (row * steps + step) * size;
    column.set(values.subarray(start, start + size), row * size);
  }
  return column;
}
