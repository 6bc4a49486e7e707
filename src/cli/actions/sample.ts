import { ConfigError } from '../../errors.js';
import type { Invocation } from '../command.js';
import { type DenoisingFlags, type EngineFlags, denoisingOf } from '../flags.js';
import { samplePicture } from '../image-pictures.js';
import { type OpenImageModel, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface SampleFlags extends EngineFlags, DenoisingFlags {
  readonly n: number;
  readonly class?: string;
  readonly text?: readonly string[];
  readonly temperature: number;
  readonly seed: number;
  readonly columns?: number;
  readonly out: string;
}

export async function sampleCommand(invocation: Invocation<SampleFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { n: count, temperature, seed, columns, out } = flags;
  await withImageModel(flags, positional[0]!, async (open) => {
    const label = flags.class === undefined ? undefined : classNumber(open, flags.class);
    const canvas = await samplePicture(open, {
      count,
      temperature,
      seed,
      signal,
      ...denoisingOf(flags),
      ...(label !== undefined && { labels: label }),
      ...(flags.text && { captions: captionsOf(open, flags.text) }),
      ...(columns !== undefined && { columns }),
    });
    await answerWithPicture(invocation, {
      ...{ out, canvas, images: count, seed, temperature, class: flags.class, text: flags.text },
      ...denoisingOf(flags).denoising,
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
