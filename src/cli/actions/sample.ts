import { ConfigError } from '../../errors.js';
import type { Invocation } from '../command.js';
import { type DenoisingFlags, type EngineFlags, denoisingOf } from '../flags.js';
import { showingProgress } from '../drawing-progress.js';
import { denoisingStrip, encodeStrip, imageToImagePicture } from '../denoising-pictures.js';
import { imagesPicture, mixingPicture, samplePicture } from '../image-pictures.js';
import { type OpenImageModel, imagesFor, withImageModel } from '../open-image-model.js';
import { answerWithPicture, writePicture } from '../picture-output.js';

export interface SampleFlags extends EngineFlags, DenoisingFlags {
  readonly n: number;
  readonly class?: string;
  readonly text?: readonly string[];
  readonly temperature: number;
  readonly truncation?: number;
  readonly mix?: number;
  readonly seed: number;
  readonly columns?: number;
  readonly strength?: number;
  readonly strip?: string;
  readonly out: string;
}

export async function sampleCommand(invocation: Invocation<SampleFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { n: count, temperature, truncation, mix, seed, columns, out, strip, strength } = flags;
  await withImageModel(flags, positional[0]!, async (open) => {
    const captions = flags.text && captionsOf(open, flags.text);
    const asked = { count, temperature, seed, signal, ...(captions && { captions }), ...denoisingOf(flags) };
    if (positional[1] !== undefined || strength !== undefined || open.model.denoiser?.given !== undefined) {
      const images = await imagesFor(open, positional[1], { signal });
      const canvas = await imageToImagePicture(open, images, { ...asked, ...(strength !== undefined && { strength }) });
      const shown = Math.min(count, images.count);
      await answerWithPicture(invocation, { out, canvas, images: shown, seed, temperature, strength });
      return;
    }
    const label = flags.class === undefined ? undefined : classNumber(open, flags.class);
    const all = {
      ...asked,
      ...(label !== undefined && { labels: label }),
      ...(truncation !== undefined && { controls: { truncation } }),
    };
    const inRows = { ...(columns !== undefined && { columns }) };
    if (mix !== undefined) {
      const canvas = await mixingPicture(open, { ...all, count: mix });
      await answerWithPicture(invocation, { out, canvas, images: mix ** 2, seed, truncation, class: flags.class });
      return;
    }
    const seen = strip === undefined ? undefined : await denoisingStrip(open, all);
    if (seen) await writePicture(strip!, encodeStrip(open, seen, strip!));
    const canvas = seen
      ? imagesPicture(open, seen.moments.at(-1)!, inRows)
      : await showingProgress((progress) => samplePicture(open, { ...all, ...inRows, progress }));
    await answerWithPicture(invocation, {
      ...{ out, canvas, images: count, seed, temperature, truncation, class: flags.class, text: flags.text },
      ...denoisingOf(flags).denoising,
      ...(seen && { strip, moments: seen.moments.length }),
    });
  });
}

/** Texts as tokens. @throws ConfigError for a model that reads none */
function captionsOf({ images: { text } }: OpenImageModel, texts: readonly string[]): Int32Array[] {
  if (text !== undefined) return texts.map((each) => text.encode(each));
  throw new ConfigError(`--text ${texts[0]}: this model reads no captions`, {
    advice: 'Leave --text out; stable-diffusion and dalle2 draw from text.',
  });
}

/** A class by its name or its number. @throws ConfigError naming those there are */
function classNumber({ model, images: { labelNames } }: OpenImageModel, name: string): number {
  if (model.conditional !== true) {
    throw new ConfigError(`--class ${name}: this model does not draw by class`, {
      advice: 'Leave --class out, or train a model on classes: descent train glow --help names the setting.',
    });
  }
  const number = labelNames.includes(name) ? labelNames.indexOf(name) : Number(name);
  if (Number.isInteger(number) && number >= 0 && number < labelNames.length) return number;
  throw new ConfigError(`--class ${name}: there is no such class`, { advice: `There are: ${labelNames.join(', ')}.` });
}
