import { encodeGif } from '../../formats/animation.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { imagesPicture, interpolations } from '../image-pictures.js';
import { imagesFor, withImageModel } from '../open-image-model.js';
import { answerWithPicture, writePicture } from '../picture-output.js';

export interface InterpolateFlags extends EngineFlags {
  readonly n: number;
  readonly steps: number;
  readonly out: string;
  readonly animate?: string;
  readonly denoisingSteps?: number;
}

export async function interpolateCommand(invocation: Invocation<InterpolateFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { n: count, steps, out, animate, denoisingSteps } = flags;
  const denoising = { ...(denoisingSteps !== undefined && { steps: denoisingSteps }) };
  await withImageModel(flags, positional[0]!, async (open) => {
    const images = await imagesFor(open, positional[1], { signal });
    const values = await interpolations(open, images, { count, steps, denoising, signal });
    if (animate !== undefined) {
      const { channels, height, width } = open.images;
      const frames = thereAndBack(steps).map((step) =>
        imagesPicture(open, everyNth(values, channels * height * width, steps, step)),
      );
      await writePicture(animate, encodeGif(frames));
    }
    const canvas = imagesPicture(open, values, { columns: steps });
    await answerWithPicture(invocation, { out, canvas, ...(animate !== undefined && { animation: animate }) });
  });
}

const thereAndBack = (steps: number): number[] => [
  ...Array.from({ length: steps }, (_, step) => step),
  ...Array.from({ length: steps - 2 }, (_, step) => steps - 2 - step),
];

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
