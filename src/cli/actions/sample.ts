import { ConfigError } from '../../errors.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { mixingPicture, samplePicture } from '../image-pictures.js';
import { type OpenImageModel, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface SampleFlags extends EngineFlags {
  readonly n: number;
  readonly class?: string;
  readonly temperature: number;
  readonly truncation?: number;
  readonly mix?: number;
  readonly seed: number;
  readonly columns?: number;
  readonly out: string;
}

export async function sampleCommand(invocation: Invocation<SampleFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const { n, temperature, truncation, mix, seed, columns, out } = flags;
  await withImageModel(flags, positional[0]!, async (open) => {
    const label = flags.class === undefined ? undefined : classNumber(open, flags.class);
    const options = {
      temperature,
      seed,
      signal,
      ...(label !== undefined && { labels: label }),
      ...(truncation !== undefined && { controls: { truncation } }),
    };
    const canvas =
      mix === undefined
        ? await samplePicture(open, { ...options, count: n, ...(columns !== undefined && { columns }) })
        : await mixingPicture(open, { ...options, count: mix });
    const images = mix === undefined ? n : mix ** 2;
    await answerWithPicture(invocation, { out, canvas, images, seed, temperature, truncation, class: flags.class });
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
