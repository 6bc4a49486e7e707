import { type ImageSet, sliceImages } from '../../data/images/image-set.js';
import { readImages } from '../../data/images/sources.js';
import { ConfigError, DataError } from '../../errors.js';
import { mostDecibels, peakSignalToNoise } from '../../evaluation/image-similarity.js';
import { type Canvas, grid } from '../../formats/pictures.js';
import { imageUpscaler } from '../../sampling/upscale.js';
import type { Invocation } from '../command.js';
import type { EngineFlags, PictureFlags } from '../flags.js';
import { interleave } from '../image-pictures.js';
import { withImageModel } from '../open-image-model.js';
import { answerWithPicture, thereAndBack } from '../picture-output.js';
import { badRowsOf, sayBadRows } from '../session.js';
import { enlargedPlainly } from '../upscale-strip.js';

export interface UpscaleFlags extends EngineFlags, PictureFlags {
  readonly temperature: number;
  readonly seed: number;
  readonly n: number;
  readonly images: number;
  readonly out: string;
  readonly animate?: string;
}

export async function upscaleCommand(invocation: Invocation<UpscaleFlags>): Promise<void> {
  const { positional, flags, say, signal } = invocation;
  const [path, source] = positional as [string, string];
  const { temperature, seed, n: samples, out, animate } = flags;
  if (animate !== undefined && temperature === 0) {
    throw new ConfigError(
      '--animate shows what the temperature changes, and --temperature 0 leaves nothing to change',
      {
        advice: 'Leave one of them out.',
      },
    );
  }
  await withImageModel(flags, path, async ({ engine, model, weights, data }) => {
    const upscaler = await imageUpscaler({ engine, model, data, weights });
    const bad = badRowsOf(flags);
    const { size, fit } = flags;
    const fitting = { fit, ...(size !== undefined && { size }), channels: data.channels === 1 ? 1 : 3 } as const;
    const read = await readImages({ source, ...fitting, ...bad, signal });
    sayBadRows(bad, say);
    const images = sliceImages(read.test ?? read.train, 0, flags.images);
    const { factor } = upscaler;
    const shape = { channels: data.channels, height: data.height, width: data.width };
    const smallShape = { ...shape, height: data.height / factor, width: data.width / factor };
    const values = Float32Array.from(images.pixels);
    const originals = hasShape(images, shape) ? values : undefined;
    if (originals === undefined && !hasShape(images, smallShape)) {
      throw new DataError(`${images.name} has images of ${images.height} x ${images.width}`, {
        advice:
          `This model enlarges ${smallShape.height} x ${smallShape.width} to ${data.height} x ${data.width}; either size will do` +
          (data.height === data.width
            ? `: --size ${smallShape.height} enlarges small pictures, --size ${data.height} compares with the pictures.`
            : '.'),
      });
    }
    const small = originals === undefined ? values : await upscaler.reduce(originals, signal);
    const enlargedAt = (warmth: number) => upscaler.enlarge({ small, temperature: warmth, seed, samples, signal });
    const enlarged = await enlargedAt(temperature);
    const bicubic = enlargedPlainly(small, smallShape, shape, 'bicubic');
    const repeated = enlargedPlainly(small, smallShape, shape, 'nearest');
    const strip = (drawn: readonly Float32Array[]): Canvas => {
      const columns = [repeated, bicubic, ...drawn, ...(originals ? [originals] : [])];
      const values = interleave(columns, images.count, 1);
      return grid({ ...shape, values, largest: 255 }, { columns: columns.length, scale: 2 });
    };
    const frames = async (): Promise<Canvas[]> => {
      const warmer: Canvas[] = [];
      for (let step = 0; step < warmths; step++)
        warmer.push(strip(await enlargedAt((temperature * step) / (warmths - 1))));
      return thereAndBack(warmths).map((step) => warmer[step]!);
    };
    const again = await upscaler.reduce(enlarged[0]!, signal);
    const decibels = (a: Float32Array, b: Float32Array): number => peakSignalToNoise(a, b, 255);
    const figures = {
      images: images.count,
      samples,
      temperature,
      /** Of the first samples made small again, against the small images: decibels. */
      consistency: decibels(small, again),
      ...(originals && {
        peakSignalToNoise: decibels(originals, enlarged[0]!),
        bicubicPeakSignalToNoise: decibels(originals, bicubic),
      }),
    };
    const number = (value: number): string => (value < mostDecibels ? `${value.toFixed(1)} dB` : 'no difference');
    const lines = [
      `  ${images.count} images, ${samples} samples each at temperature ${temperature}`,
      `  made small again they are the small images to ${number(figures.consistency)}`,
    ];
    if (originals) {
      const [ours, plain] = [decibels(originals, enlarged[0]!), decibels(originals, bicubic)].map(number);
      lines.push(`  against the originals ${ours}; bicubic ${plain}`);
    }
    const animation = { path: animate, frames };
    await answerWithPicture(invocation, { out, canvas: strip(enlarged), animation, lines, ...figures });
  });
}

/** Temperatures of an animation. */
const warmths = 10;

const hasShape = (images: ImageSet, shape: { channels: number; height: number; width: number }): boolean =>
  images.channels === shape.channels && images.height === shape.height && images.width === shape.width;
